using ParentProxy.Simulator;

return await SimulatorCommand.RunAsync(args);

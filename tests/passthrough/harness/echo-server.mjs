// An enclave that may be killed: answers each line with its name and the line. usage: echo-server.mjs NAME PORT
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';

const [name, port] = process.argv.slice(2);
createServer(socket => {
  socket.setNoDelay(true);
  socket.on('error', () => {});
  createInterface({ input: socket })
    .on('line', line => socket.write(`${name} ${line}\n`))
    .on('close', () => socket.end())
    .on('error', () => {});
}).listen({ port: Number(port), host: '127.0.0.1', backlog: 4096 }, () => console.log('listening'));

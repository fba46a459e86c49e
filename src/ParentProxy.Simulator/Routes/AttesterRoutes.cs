using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// <c>/control/attestation</c> shows how the enclave attests; <c>?image=</c>, <c>?debug=</c>, <c>?fault=</c> and <c>?ms=</c> (the pause of
/// the fault <c>slow</c>), one or several, change it. All are read before any is taken.
/// </summary>
internal static class AttesterRoutes
{
    public static void Map(IEndpointRouteBuilder routes, SimulatedAttester? attester) => routes.Map(
        "/control/attestation",
        context => attester is null
            ? throw new BadHttpRequestException("attestation is off: start the enclave with --attestation", StatusCodes.Status404NotFound)
            : AnswerAsync(context, attester));

    private static Task AnswerAsync(HttpContext context, SimulatedAttester attester)
    {
        var image = context.ReadText("image") ?? attester.Image;
        if (!AttesterOptions.IsImage(image))
            throw QueryValues.Bad("image", image, AttesterOptions.ImageForm);
        var debug = context.ReadBool("debug", attester.Debug);
        var fault = attester.Fault;
        if (context.ReadText("fault") is { } name && !FaultNames.TryParse(name, out fault))
            throw QueryValues.Bad("fault", name, FaultNames.All);
        var pause = context.Request.Query.ContainsKey("ms") ? context.ReadWait() : attester.SlowPause;

        (attester.Image, attester.Debug, attester.Fault, attester.SlowPause) = (image, debug, fault, pause);
        return Json.WriteAsync(
            context,
            new AttesterAnswer(
                attester.ModuleId,
                image,
                debug,
                FaultNames.NameOf(fault),
                pause.TotalMilliseconds,
                attester.Documents,
                attester.Pki.RootSha256,
                attester.Pcrs),
            Json.Answers.AttesterAnswer);
    }
}

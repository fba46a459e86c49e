using System.Reflection;
using System.Text;

namespace ParentProxy.Tests.Common;

/// <summary>The public surface of a library as text, which its tests freeze: a change shows as a change of that text.</summary>
internal static class PublicApi
{
    /// <summary>Its types and their members, a line each, in an order that does not change.</summary>
    public static string Describe(Assembly assembly)
    {
        var text = new StringBuilder();
        foreach (Type type in assembly.GetExportedTypes().OrderBy(type => type.FullName, StringComparer.Ordinal))
        {
            string bases = string.Join(", ", new[] { type.BaseType }.Concat(type.GetInterfaces())
                .Where(t => t is not null && t != typeof(object)).Select(t => t!.ToString()).Order(StringComparer.Ordinal));
            text
                .Append(type.IsAbstract && type.IsSealed ? "static " : type.IsSealed ? "sealed " : "")
                .Append(type)
                .Append(" : ")
                .Append(bases)
                .Append('\n');
            const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;
            foreach (string member in type
                .GetMembers(Declared)
                .Where(m => m is not MethodInfo { IsSpecialName: true } || m.Name.StartsWith("op_", StringComparison.Ordinal))
                .Select(Describe).Order(StringComparer.Ordinal))
            {
                text.Append("  ").Append(member).Append('\n');
            }
        }

        return text.ToString();
    }

    private static string Describe(MemberInfo member) => member switch
    {
        PropertyInfo p =>
            $"property {p} {{ {(p.GetMethod?.IsPublic == true ? "get; " : "")}"
                + $"{(p.SetMethod?.IsPublic == true ? IsInit(p) ? "init; " : "set; " : "")}}}",
        FieldInfo { IsLiteral: true } f => $"const {f} = {f.GetRawConstantValue()}",
        MethodInfo m => (m.IsStatic ? "static " : "") + m,
        _ => $"{member.MemberType.ToString().ToLowerInvariant()} {member}",
    };

    private static bool IsInit(PropertyInfo property) =>
        property.SetMethod!.ReturnParameter.GetRequiredCustomModifiers().Any(type => type.Name == "IsExternalInit");
}

using ParentProxy.Configuration.Sources;

namespace ParentProxy.Tests.Configuration;

/// <summary>A file of variables is read as systemd reads it (systemd.exec(5), EnvironmentFile=).</summary>
public sealed class EnvironmentTextTests
{
    [Theory]
    [InlineData("A=1", "1")]
    [InlineData("A=1\r\n", "1")]
    [InlineData(" \t A =1", "1")]
    [InlineData("A=", "")]
    [InlineData("A=  x  y  \n", "x  y")]
    [InlineData("A=x # no comment", "x # no comment")]
    [InlineData("A=$HOME `x` ${B}", "$HOME `x` ${B}")]
    [InlineData("A=a\"b\"c", "a\"b\"c")]
    [InlineData("A=\"a b\"", "a b")]
    [InlineData("A='a b'", "a b")]
    [InlineData("A=\" a \"  ", " a ")]
    [InlineData("A=\"a\" \"b\"", "ab")]
    [InlineData("A=\"a\" 'b' c d ", "abc d")]
    [InlineData("A=\"x\ny\"", "x\ny")]
    [InlineData("A='x\ny'", "x\ny")]
    [InlineData("A='x\\'", "x\\")]
    [InlineData("A=\"q\\\"w\\n\\\\\\$\\`\"", "q\"w\\n\\$`")]
    [InlineData("A=\"x\\\ny\"", "xy")]
    [InlineData("A=x\\\ny", "xy")]
    [InlineData("A=x \\\n  y", "x   y")]
    [InlineData("A=x\\ \n", "x ")]
    [InlineData("A=\\\"x\\\"", "\"x\"")]
    [InlineData("A=C:\\\\x", "C:\\x")]
    [InlineData("A=x\\", "x")]
    [InlineData("A=1\nA=2", "2")]
    [InlineData("# c\n; c\n\n  # A=2\nA=1", "1")]
    [InlineData("A=http://0.0.0.0:8080?a=b", "http://0.0.0.0:8080?a=b")]
    public void Value_IsThatOfSystemd(string text, string value)
    {
        var read = EnvironmentText.Read(text);

        Assert.Equal([new("A", value)], read.Variables);
        Assert.Empty(read.Ignored);
    }

    [Theory]
    [InlineData("A=\"no end\nB=2")]
    [InlineData("A='no end\nB=2")]
    public void QuoteThatIsNeverClosed_HoldsTheRest_AsSystemdHasIt_AndIsNamed(string text)
    {
        var read = EnvironmentText.Read(text);

        Assert.Equal([new("A", "no end\nB=2")], read.Variables);
        var ignored = Assert.Single(read.Ignored);
        Assert.Equal(1, ignored.Line);
        Assert.Contains("never closed", ignored.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("A=1\nexport B=2\n", 2, "no export")]
    [InlineData("A=1\n\nLog__Levels__Microsoft.AspNetCore=x\n", 3, "no name of a variable")]
    [InlineData("A=1\n2B=x", 2, "no name of a variable")]
    [InlineData("B\nA=1", 1, "no NAME=value")]
    [InlineData("A=1\n=x", 2, "no NAME=value")]
    [InlineData("A=1\n=x=y", 2, "no name of a variable")]
    [InlineData("A=1\n# c \\\nB=2", 2, "systemd before 254")]
    public void WhatSystemdIgnores_IsIgnoredAndNamed(string text, int line, string reason)
    {
        var read = EnvironmentText.Read(text);

        Assert.Equal([new("A", "1")], read.Variables);
        var ignored = Assert.Single(read.Ignored);
        Assert.Equal(line, ignored.Line);
        Assert.Contains(reason, ignored.Reason, StringComparison.Ordinal);
    }
}

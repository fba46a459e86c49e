using ParentProxy.Inside.Application;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Application;

public sealed class ApplicationUserTests : IDisposable
{
    private readonly TemporaryDirectory _files = new();

    public ApplicationUserTests()
    {
        File.WriteAllText(
            _files.File("passwd"),
            "root:x:0:0:root:/root:/bin/sh\n\n# none\n"
                + "app:x:1000:1001:An, app:/home/app:/bin/sh\n77:x:5:5::/five:\nbad:x:y:z::/:\nnohome:x:8:8:::\n");
        File.WriteAllText(_files.File("group"), "root:x:0:\napp:x:1001:\naudio:x:29:bob,app\nvideo:x:44:apple\nkvm:x:107:app\nodd\n");
    }

    public void Dispose() => _files.Dispose();

    [Theory]
    [InlineData("app", "app", 1000, 1001, "1001,29,107", "/home/app")]
    [InlineData("1000", "app", 1000, 1001, "1001,29,107", "/home/app")]
    [InlineData("root", "root", 0, 0, "0", "/root")]
    [InlineData("77", "77", 5, 5, "5", "/five")]
    [InlineData("nohome", "nohome", 8, 8, "8", "/")]
    [InlineData("4711", "4711", 4711, 4711, "4711", "/")]
    public void Find_NameOrNumber_HasGroupsAndHome(string text, string name, uint uid, uint gid, string groups, string home)
    {
        var user = Find(text);

        Assert.Equal((name, uid, gid, groups, home), (user.Name, user.Uid, user.Gid, string.Join(',', user.Groups), user.Home));
    }

    [Theory]
    [InlineData("nobody-here", "there is no user \"nobody-here\"")]
    [InlineData("-1", "there is no user")]
    [InlineData("", "there is no user")]
    [InlineData("4294967295", "there is no user")]
    [InlineData("bad", "has no numbers")]
    public void Find_Unknown_IsRefused(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<ApplicationUserException>(() => Find(text)).Message, StringComparison.Ordinal);

    [Fact]
    public void Find_NoFiles_KnowsNumbersOnly()
    {
        Assert.Equal(65532u, ApplicationUser.Find("65532", _files.File("none"), _files.File("none")).Gid);
        Assert.Throws<ApplicationUserException>(() => ApplicationUser.Find("root", _files.File("none"), _files.File("none")));
    }

    private ApplicationUser Find(string text) => ApplicationUser.Find(text, _files.File("passwd"), _files.File("group"));
}

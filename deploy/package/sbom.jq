# CycloneDX 1.6 out of a lock file of NuGet: what went into the native file. Given by ./build: $version, $time, $rid.
# A tool that reads the restored project would do this but for the greatest part of the file, .NET's own code, which is no package
# that a project names: it comes in the version of the compiler, and the lock file names that one.

def purl: "pkg:nuget/\(.name)@\(.version)";

# The ordinary packages; with them those that come only with a platform.
[ .dependencies | to_entries[] | .value | to_entries[] | select(.value.type != "Project")
  | { name: .key, version: .value.resolved, hash: .value.contentHash, needs: (.value.dependencies // {} | keys) } ]
| unique_by(.name) as $locked
| ($locked | map(select(.name == "Microsoft.DotNet.ILCompiler")) | first.version) as $dotnet
| ($locked | map(select(.name | test("ILCompiler$|ILLink\\.Tasks$") | not))) as $packages
| [ "Microsoft.NETCore.App.Runtime.NativeAOT.\($rid)", "Microsoft.AspNetCore.App.Runtime.\($rid)" ]
| map({ name: ., version: $dotnet }) as $frameworks
| "pkg:generic/parent-proxy@\($version | @uri)" as $self
| {
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: {
      timestamp: $time,
      tools: { components: [ { type: "application", name: "Microsoft.DotNet.ILCompiler", version: $dotnet } ] },
      component: { type: "application", "bom-ref": $self, name: "parent-proxy", version: $version, purl: $self }
    },
    components: (
      ($frameworks | map({ type: "framework", "bom-ref": purl, name, version, purl: purl }))
      + ($packages | map({ type: "library", "bom-ref": purl, name, version, purl: purl,
          properties: [ { name: "nuget:contentHash", value: .hash } ] }))
      | sort_by(.name)),
    dependencies: (
      [ { ref: $self, dependsOn: ([ $frameworks[], $packages[] ] | map(purl) | sort) } ]
      + ($packages | map(.needs as $needs | { ref: purl, dependsOn: ($packages | map(select(.name | IN($needs[])) | purl)) })))
  }

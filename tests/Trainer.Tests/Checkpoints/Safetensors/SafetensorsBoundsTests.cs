using System.Buffers.Binary;
using System.Text;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using SpoActors.Trainer.Native;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Tests.Checkpoints.Safetensors;

public sealed class SafetensorsBoundsTests : IDisposable
{
    const long MiB = 1 << 20;

    readonly TemporaryFolder folder = new();

    public SafetensorsBoundsTests() => NativeLibtorch.EnsureLoaded();

    public void Dispose() => folder.Dispose();

    string Write(string header, params byte[] data)
    {
        var json = Encoding.UTF8.GetBytes(header);
        var bytes = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, json.Length);
        json.CopyTo(bytes, 8);
        data.CopyTo(bytes, 8 + json.Length);
        return folder.Write("x.safetensors", bytes);
    }

    string Refused(string header, params byte[] data) => Assert.Throws<CheckpointException>(() => SafetensorsFile.Open(Write(header, data))).Message;

    [Fact]
    public void Open_WhenTensorsOverlap_RefusesThem() => Assert.Contains("'a' and 'b' overlap", Refused(
        """{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}}""", 1, 2, 3, 4), StringComparison.Ordinal);

    [Fact]
    public void Open_OfALongName_SaysSoInAShortMessage()
    {
        var error = Refused($$$"""{"{{{new string('n', 3_000_000)}}}":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""", 1);
        Assert.Contains("a name of 3000000 bytes", error, StringComparison.Ordinal);
        Assert.True(error.Length < 500);
    }

    [Fact]
    public void Open_OfNamesThatSteerATerminal_ShowsThemHarmlessly()
    {
        var error = Refused("""{"a\u001b[2J\u009b\u202e":{"dtype":"X","shape":[1],"data_offsets":[0,1]}}""", 1);
        Assert.Contains(@"a\u001b[2J\u009b\u202e", error, StringComparison.Ordinal);
        Assert.DoesNotContain(error, c => char.IsControl(c) || c == '\u202e');
    }

    // A document of the same header takes many times its bytes.
    [Theory]
    [InlineData("metadata")]
    [InlineData("nested")]
    [InlineData("numbers")]
    public void Open_OfALargeHeader_TakesLittleMemory(string kind)
    {
        const int Length = 20_000_000;
        var header = kind switch
        {
            "metadata" => $$$"""{"__metadata__":{"a":"{{{new string('m', Length)}}}"},"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""",
            "nested" => $$$"""{"__metadata__":{"a":[{{{string.Concat(Enumerable.Repeat("[],", Length / 3))}}}1]},"t":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""",
            _ => $$$"""{"t":{"dtype":"U8","other":[{{{string.Concat(Enumerable.Repeat("1,", Length / 2))}}}1],"shape":[1],"data_offsets":[0,1]}}""",
        };
        var path = Write(header, 1);
        var before = GC.GetAllocatedBytesForCurrentThread();
        using (var file = SafetensorsFile.Open(path)) Assert.Equal(["t"], file.Tensors.Keys);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, Length + 8 * MiB);
    }

    [Fact]
    public void Open_OfTooManyTensors_IsRefused()
    {
        var header = new StringBuilder("{");
        for (var i = 0; i <= 500_000; i++) header.Append(i == 0 ? "" : ",").Append(System.Globalization.CultureInfo.InvariantCulture, $$"""
            "{{i}}": {"dtype":"U8","shape":[0],"data_offsets":[0,0]}
            """);
        Assert.Contains("over 500000 tensors", Refused(header.Append('}').ToString()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}} x""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":1,"data_offsets":[0,1]}}""")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0]}}""")]
    [InlineData("""{"a":[]}""")]
    [InlineData("[]")]
    [InlineData("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}""")]
    public void Open_OfAMalformedHeader_RefusesIt(string header) => Refused(header, 1);

    // Values of both types by the definition of arXiv 2209.05433, table 1.
    [Fact]
    public void Load_OfFloat8_GivesItsValues()
    {
        using var scope = NewDisposeScope();
        using var file = SafetensorsFile.Open(Write(
            """{"a":{"dtype":"F8_E4M3","shape":[2,3],"data_offsets":[0,6]},"b":{"dtype":"F8_E5M2","shape":[4],"data_offsets":[6,10]}}""",
            0x00, 0x01, 0x38, 0x7e, 0xb8, 0x08, 0x3c, 0xbc, 0x01, 0x7b));
        Assert.Equal([0f, 0.001953125f, 1f, 448f, -1f, 0.015625f], file.Load("a").to_type(ScalarType.Float32).data<float>().ToArray());
        Assert.Equal([1f, -1f, 1.52587890625e-5f, 57344f], file.Load("b").to_type(ScalarType.Float32).data<float>().ToArray());
        Assert.Equal([2L, 3], file.Load("a").shape);
    }
}

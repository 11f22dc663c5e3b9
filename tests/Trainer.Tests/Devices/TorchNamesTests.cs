using SpoActors.Trainer.Devices;
using TorchSharp;

namespace SpoActors.Trainer.Tests.Devices;

public sealed class TorchNamesTests
{
    [Fact]
    public void Cpu_Always_IsThere() => Assert.Equal(DeviceType.CPU, TorchNames.ParseDevice("cpu").type);

    [Fact]
    public void Auto_Always_IsTheFirstGpuOrTheCpu()
    {
        Assert.Equal(TorchSharp.torch.cuda.is_available() ? "cuda" : "cpu", TorchNames.Resolve("auto"));
        Assert.Equal("cuda:1", TorchNames.Resolve("cuda:1"));
        Assert.Equal(TorchNames.ParseDevice(TorchNames.Resolve("auto")).type, TorchNames.ParseDevice("auto").type);
    }

    [Theory]
    [InlineData("gpu")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("")]
    public void Device_OfAnotherName_IsRefusedWithTheNamesThereAre(string name) =>
        Assert.Contains($"the device is '{name}'; expected auto, cpu, cuda or cuda:N",
            Assert.Throws<DeviceException>(() => TorchNames.ParseDevice(name)).Message, StringComparison.Ordinal);

    [Fact]
    public void Device_ThatThisMachineLacks_IsRefusedWithTheReason() =>
        Assert.Contains("the device is 'cuda:99', but", Assert.Throws<DeviceException>(() => TorchNames.ParseDevice("cuda:99")).Message, StringComparison.Ordinal);
}

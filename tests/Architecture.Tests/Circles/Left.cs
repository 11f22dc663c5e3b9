namespace SpoActors.Architecture.Tests.Circles.Left;

/// <summary>Uses the other side in a method's body alone.</summary>
static class InABody
{
    public static string Name() => new Right.InAnAttribute().ToString() ?? "";
}

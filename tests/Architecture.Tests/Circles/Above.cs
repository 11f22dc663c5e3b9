namespace SpoActors.Architecture.Tests.Circles.Above;

/// <summary>Uses a member of the circle, and is none.</summary>
static class Outside
{
    public static string Name() => Left.InABody.Name();
}

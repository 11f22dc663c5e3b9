using System.ComponentModel;

namespace SpoActors.Architecture.Tests.Circles.Right;

/// <summary>Uses the other side in an attribute alone.</summary>
[TypeConverter(typeof(Left.InABody))]
sealed class InAnAttribute;

using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SpoActors.Specification.Texts;

/// <summary>Whether a path leads to a file that ends: a pipe or a device such as /dev/zero exists too, but reading it may hang or never end.</summary>
public static class RegularFile
{
    const int CurrentFolder = -100, TypeWanted = 1, ModeOffset = 28, StatusLength = 256;
    const int TypeMask = 0xF000, Regular = 0x8000, Folder = 0x4000, Nothing = -1;

    /// <summary>What stands in the way of reading a file; null for a regular one, links followed.</summary>
    /// <param name="path">The file.</param>
    /// <returns>Such as "a folder" or "a pipe or device".</returns>
    public static string? Obstacle(string path)
    {
        if (path.Contains('\0', StringComparison.Ordinal)) return "a path with a NUL character";
        if (Directory.Exists(path)) return "a folder";
        if (!File.Exists(path)) return "no such file";
        return TypeOf(path) switch
        {
            null or Regular => null,
            Nothing => "a link that leads nowhere",
            Folder => "a folder",
            _ => "a pipe or device, no regular file",
        };
    }

    /// <summary>The type bits of a file's mode, or <see cref="Nothing"/>; null where the system does not tell.</summary>
    static int? TypeOf(string path)
    {
        if (!OperatingSystem.IsLinux()) return null;
        try
        {
            var status = new byte[StatusLength];
            return statx(CurrentFolder, path, 0, TypeWanted, status) == 0 ? BinaryPrimitives.ReadUInt16LittleEndian(status.AsSpan(ModeOffset)) & TypeMask : Nothing;
        }
        catch (EntryPointNotFoundException)
        {
            // An old C library: the file is taken for what it seems.
            return null;
        }
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    static extern int statx(int folder, string path, int flags, uint mask, [Out] byte[] status);
}

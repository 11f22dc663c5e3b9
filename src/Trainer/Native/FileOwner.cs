using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace SpoActors.Trainer.Native;

/// <summary>Whose a file or folder is, and who may change it (statx(2), whose layout is the same on every architecture).</summary>
static class FileOwner
{
    const int CurrentFolder = -100, NotFollowingLinks = 0x100, StatusLength = 256, OwnerOffset = 20, ModeOffset = 28;
    const uint ModeAndOwner = 0x1 | 0x2 | 0x8;
    const int TypeMask = 0xF000, Folder = 0x4000, Regular = 0x8000, WritableByOthers = 0x12, Sticky = 0x200;

    /// <summary>A folder, no link to one, of this user's, which nobody else may write to.</summary>
    public static bool IsOwnFolder(string path) => Status(path) is var (owner, mode) && (mode & TypeMask) == Folder && owner == geteuid() && (mode & WritableByOthers) == 0;

    /// <summary>A file, no link to one, of this user's, which nobody else may write to.</summary>
    public static bool IsOwnFile(string path) => Status(path) is var (owner, mode) && (mode & TypeMask) == Regular && owner == geteuid() && (mode & WritableByOthers) == 0;

    /// <summary>A folder in which others cannot rename or replace what is this user's: they may not write to it, or it is sticky as /tmp is.</summary>
    public static bool KeepsOwnEntries(string path) => Status(path) is var (_, mode) && (mode & TypeMask) == Folder && ((mode & WritableByOthers) == 0 || (mode & Sticky) != 0);

    /// <summary>This user's number.</summary>
    public static uint User => geteuid();

    static (uint Owner, int Mode)? Status(string path)
    {
        var status = new byte[StatusLength];
        if (statx(CurrentFolder, path, NotFollowingLinks, ModeAndOwner, status) != 0) return null;
        return (BinaryPrimitives.ReadUInt32LittleEndian(status.AsSpan(OwnerOffset)), BinaryPrimitives.ReadUInt16LittleEndian(status.AsSpan(ModeOffset)));
    }

    [DllImport("libc", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    static extern int statx(int folder, string path, int flags, uint mask, [Out] byte[] status);

    [DllImport("libc")]
    static extern uint geteuid();
}

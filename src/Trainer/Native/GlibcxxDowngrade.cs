using System.Buffers.Binary;
using System.Text;

namespace SpoActors.Trainer.Native;

/// <summary>
/// Makes a copy of an ELF64 library loadable on a system whose libstdc++ stops before GLIBCXX_3.4.32
/// (Debian 12, Ubuntu 22.04: GCC 12).
/// </summary>
/// <remarks>
/// A library linked by GCC 13 asks for that version because of one undefined symbol, the iostream initialiser
/// <c>_ZSt21ios_base_library_initv</c>, which libtorch itself has run long before. Two edits take the need away:
/// in <c>.dynsym</c>/<c>.gnu.version</c> the symbol gets the name and version of another undefined symbol that is
/// harmless to call without arguments, and in <c>.gnu.version_r</c> the GLIBCXX_3.4.32 entry becomes GLIBCXX_3.4.30.
/// </remarks>
static class GlibcxxDowngrade
{
    const string Symbol = "_ZSt21ios_base_library_initv";
    const string Harmless = "_ZNSt6chrono3_V212steady_clock3nowEv";
    const string TooNew = "GLIBCXX_3.4.32";
    const string Available = "GLIBCXX_3.4.30";

    const int SectionTypeStringTable = 3;
    const int SectionTypeVersionNeeded = 0x6ffffffe;
    const int SectionTypeVersionSymbols = 0x6fffffff;
    const int SectionTypeDynamicSymbols = 11;
    const int SymbolEntrySize = 24;

    /// <summary>Edits <paramref name="elf"/>, the whole file, in place.</summary>
    /// <exception cref="InvalidDataException">The file is not an ELF64 library of the expected make.</exception>
    public static void Apply(byte[] elf)
    {
        var sections = ReadSections(elf);
        var symbols = sections.Find(s => s.Type == SectionTypeDynamicSymbols) ?? throw Missing(".dynsym");
        var versions = sections.Find(s => s.Type == SectionTypeVersionSymbols) ?? throw Missing(".gnu.version");
        var needed = sections.Find(s => s.Type == SectionTypeVersionNeeded) ?? throw Missing(".gnu.version_r");
        var names = sections[symbols.Link];
        if (names.Type != SectionTypeStringTable) throw Missing(".dynstr");

        RenameSymbol(elf, symbols, versions, names);
        RenameVersion(elf, needed, sections[needed.Link]);
    }

    static void RenameSymbol(byte[] elf, Section symbols, Section versions, Section names)
    {
        int count = (int)(symbols.Size / SymbolEntrySize), target = -1, donor = -1;
        for (int i = 0; i < count; i++)
        {
            var name = Name(elf, names, BinaryPrimitives.ReadUInt32LittleEndian(elf.AsSpan(symbols.Offset + i * SymbolEntrySize)));
            if (name == Symbol) target = i;
            else if (name == Harmless) donor = i;
        }
        if (target < 0) throw Missing($"the symbol {Symbol}");
        if (donor < 0) throw Missing($"the symbol {Harmless}");

        elf.AsSpan(symbols.Offset + donor * SymbolEntrySize, 4).CopyTo(elf.AsSpan(symbols.Offset + target * SymbolEntrySize));
        elf.AsSpan(versions.Offset + donor * 2, 2).CopyTo(elf.AsSpan(versions.Offset + target * 2));
    }

    static void RenameVersion(byte[] elf, Section needed, Section names)
    {
        int tooNew = -1, available = -1;
        // Verneed { half version, count; word file, aux, next } each with a chain of Vernaux { word hash; half flags, other; word name, next }.
        for (int entry = needed.Offset; ;)
        {
            int aux = entry + (int)Word(elf, entry + 8);
            for (int left = BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(entry + 2)); left > 0; left--)
            {
                var name = Name(elf, names, Word(elf, aux + 8));
                if (name == TooNew) tooNew = aux;
                else if (name == Available) available = aux;
                aux += (int)Word(elf, aux + 12);
            }
            var next = (int)Word(elf, entry + 12);
            if (next == 0) break;
            entry += next;
        }
        if (tooNew < 0) throw Missing($"the version {TooNew}");
        if (available < 0) throw Missing($"the version {Available}");

        elf.AsSpan(available, 4).CopyTo(elf.AsSpan(tooNew)); // hash
        elf.AsSpan(available + 8, 4).CopyTo(elf.AsSpan(tooNew + 8)); // name
    }

    sealed record Section(uint Type, int Offset, long Size, int Link);

    static List<Section> ReadSections(byte[] elf)
    {
        if (elf.Length < 64 || elf[0] != 0x7f || elf[1] != 'E' || elf[2] != 'L' || elf[3] != 'F' || elf[4] != 2)
            throw new InvalidDataException("not a 64-bit ELF file");
        var start = (int)BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(0x28));
        int entrySize = BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(0x3a)), count = BinaryPrimitives.ReadUInt16LittleEndian(elf.AsSpan(0x3c));
        var sections = new List<Section>(count);
        for (int i = 0; i < count; i++)
        {
            var at = start + i * entrySize;
            sections.Add(new Section(
                Word(elf, at + 4),
                (int)BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(at + 0x18)),
                (long)BinaryPrimitives.ReadUInt64LittleEndian(elf.AsSpan(at + 0x20)),
                (int)Word(elf, at + 0x28)));
        }
        return sections;
    }

    static uint Word(byte[] elf, int at) => BinaryPrimitives.ReadUInt32LittleEndian(elf.AsSpan(at));

    static string Name(byte[] elf, Section table, uint index)
    {
        var from = elf.AsSpan(table.Offset + (int)index);
        return Encoding.ASCII.GetString(from[..from.IndexOf((byte)0)]);
    }

    static InvalidDataException Missing(string what) =>
        new($"{what} is missing: this libLibTorchSharp.so is not the one of TorchSharp 0.107 that the fix was made for");
}

using System.Collections.Concurrent;
using System.Text;

namespace SpoActors.Trainer.Tokenization;

/// <summary>
/// Byte-pair encoding of single words: the best-ranked pair is merged everywhere in the word, from left to right, until none is left.
/// n log n in the word's length, so that a prompt of one endless word costs no more than any other.
/// </summary>
sealed class BytePairEncoder
{
    const int MostCachedWords = 32768;
    const int LongestCachedWord = 64;

    readonly Dictionary<string, int> symbols = new(StringComparer.Ordinal);
    readonly Dictionary<(int Left, int Right), (int Rank, int Merged)> merges;
    readonly int[] byteSymbols = new int[256], lastByteSymbols = new int[256];
    readonly long[] idOfSymbol;
    readonly ConcurrentDictionary<string, long[]> cache = new(StringComparer.Ordinal);
    int cached;

    /// <param name="vocabulary">Tokens and merges.</param>
    /// <param name="unknownId">Id of a token the vocabulary lacks.</param>
    public BytePairEncoder(BytePairVocabulary vocabulary, long unknownId)
    {
        for (var value = 0; value < 256; value++)
        {
            var character = BytePairVocabulary.CharacterOfByte[value];
            byteSymbols[value] = Symbol(character.ToString());
            lastByteSymbols[value] = Symbol(character + BytePairVocabulary.EndOfWord);
        }
        merges = new(vocabulary.Merges.Count);
        for (var rank = 0; rank < vocabulary.Merges.Count; rank++)
        {
            var (left, right) = vocabulary.Merges[rank];
            // Of a pair that is listed twice the last rank holds, as in the original's dictionary.
            merges[(Symbol(left), Symbol(right))] = (rank, Symbol(left + right));
        }
        idOfSymbol = new long[symbols.Count];
        foreach (var (token, symbol) in symbols) idOfSymbol[symbol] = vocabulary.Ids.GetValueOrDefault(token, unknownId);
    }

    /// <summary>The ids of one word (no white space).</summary>
    public IReadOnlyList<long> Encode(string word)
    {
        if (cache.TryGetValue(word, out var known)) return known;
        var ids = Merge(Encoding.UTF8.GetBytes(word));
        if (word.Length <= LongestCachedWord && Volatile.Read(ref cached) < MostCachedWords && cache.TryAdd(word, ids))
            Interlocked.Increment(ref cached);
        return ids;
    }

    int Symbol(string token)
    {
        if (!symbols.TryGetValue(token, out var symbol)) symbols.Add(token, symbol = symbols.Count);
        return symbol;
    }

    long[] Merge(byte[] bytes)
    {
        // A linked list over the bytes' positions; a merged symbol stays at its left end, its right end's symbol becomes -1.
        var count = bytes.Length;
        var symbol = new int[count];
        var next = new int[count];
        var previous = new int[count];
        for (var i = 0; i < count; i++)
        {
            symbol[i] = i == count - 1 ? lastByteSymbols[bytes[i]] : byteSymbols[bytes[i]];
            next[i] = i + 1 < count ? i + 1 : -1;
            previous[i] = i - 1;
        }

        var candidates = new PriorityQueue<(int At, int Left, int Right), (int Rank, int At)>();
        void Offer(int at)
        {
            if (at >= 0 && next[at] >= 0 && merges.TryGetValue((symbol[at], symbol[next[at]]), out var merge))
                candidates.Enqueue((at, symbol[at], symbol[next[at]]), (merge.Rank, at));
        }
        for (var i = 0; i < count; i++) Offer(i);

        var changed = new List<int>();
        while (candidates.TryPeek(out _, out var best))
        {
            // Pairs that a merge brings forth are looked at only after the whole word has had its turn at this rank.
            changed.Clear();
            while (candidates.TryPeek(out var candidate, out var priority) && priority.Rank == best.Rank)
            {
                candidates.Dequeue();
                var (at, left, right) = candidate;
                if (symbol[at] != left || next[at] < 0 || symbol[next[at]] != right) continue;
                var consumed = next[at];
                symbol[at] = merges[(left, right)].Merged;
                symbol[consumed] = -1;
                next[at] = next[consumed];
                if (next[at] >= 0) previous[next[at]] = at;
                changed.Add(at);
            }
            foreach (var at in changed)
            {
                if (symbol[at] < 0) continue;
                Offer(previous[at]);
                Offer(at);
            }
        }

        var ids = new List<long>();
        for (var i = 0; i >= 0 && i < count; i = next[i]) ids.Add(idOfSymbol[symbol[i]]);
        return [.. ids];
    }
}

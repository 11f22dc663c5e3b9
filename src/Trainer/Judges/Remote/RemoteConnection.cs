using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace SpoActors.Trainer.Judges.Remote;

/// <summary>How often a remote judge is asked.</summary>
/// <param name="Attempts">Times in all.</param>
/// <param name="Delay">Pause before the second; it doubles from time to time.</param>
sealed record RemoteRetry(int Attempts, TimeSpan Delay)
{
    public static RemoteRetry Default { get; } = new(4, TimeSpan.FromSeconds(1));
}

/// <summary>
/// Asks a remote judge, and asks again where that may help: no connection, no answer in time, or a status that says so. Blocks the calling
/// thread, as every judge does. Follows no redirection, so that the token stays where it was meant for.
/// </summary>
sealed class RemoteConnection : IDisposable
{
    /// <summary>Bytes of an answer; scores of a batch take a few hundred.</summary>
    const int LargestAnswer = 1 << 20;

    static readonly HttpStatusCode[] WorthAskingAgain =
    [
        HttpStatusCode.RequestTimeout, HttpStatusCode.TooManyRequests, HttpStatusCode.InternalServerError, HttpStatusCode.BadGateway,
        HttpStatusCode.ServiceUnavailable, HttpStatusCode.GatewayTimeout,
    ];

    readonly HttpClient client;
    readonly ResiliencePipeline<Answer> pipeline;
    readonly string url;
    readonly TimeSpan timeout;
    readonly RemoteRetry retry;

    /// <param name="url">Without what follows the judge's address.</param>
    /// <param name="token">Sent as a bearer token; null for none.</param>
    /// <param name="timeout">For each attempt.</param>
    /// <param name="retry">How often.</param>
    public RemoteConnection(string url, string? token, TimeSpan timeout, RemoteRetry retry)
    {
        (this.url, this.timeout, this.retry) = (url.TrimEnd('/'), timeout, retry);
        client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = LargestAnswer,
        };
        if (token is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        var builder = new ResiliencePipelineBuilder<Answer>();
        if (retry.Attempts > 1)
            builder.AddRetry(new RetryStrategyOptions<Answer>
            {
                MaxRetryAttempts = retry.Attempts - 1,
                Delay = retry.Delay,
                BackoffType = DelayBackoffType.Exponential,
                ShouldHandle = new PredicateBuilder<Answer>()
                    .Handle<HttpRequestException>(e => e.HttpRequestError != HttpRequestError.ConfigurationLimitExceeded)
                    .Handle<TimeoutRejectedException>()
                    .HandleResult(answer => WorthAskingAgain.Contains(answer.Status)),
            });
        pipeline = builder.AddTimeout(timeout).Build();
    }

    /// <summary>What the judge answers.</summary>
    /// <param name="path">Behind the judge's address.</param>
    /// <param name="body">Of a question; null only reads.</param>
    /// <param name="id">Names the question: whoever has answered it may answer the same.</param>
    /// <exception cref="JudgeException">No answer, or not one with the status 200.</exception>
    public byte[] Ask(string path, byte[]? body = null, string? id = null)
    {
        try
        {
            var answer = pipeline.Execute(cancellation => Send(path, body, id, cancellation));
            return answer.Status == HttpStatusCode.OK ? answer.Body : throw Refused(path, answer);
        }
        catch (TimeoutRejectedException e)
        {
            throw new JudgeException($"The remote judge at '{url}' did not answer within {timeout.TotalSeconds:0.###} seconds, {Tries}; raise judge.timeout_seconds or lower judge.batch_size.", e);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw Wrong($"its answer has more than {LargestAnswer} bytes");
        }
        catch (HttpRequestException e)
        {
            throw new JudgeException($"The remote judge at '{url}' cannot be reached ({RemoteText.Shorten(e.Message)}), {Tries}; start it, or correct judge.url.", e);
        }
    }

    /// <summary>An answer that is none.</summary>
    public JudgeException Wrong(string what, Exception? inner = null) =>
        new($"The remote judge at '{url}' answered, but {what}; correct the judge, docs/remote-judge.md says what it must answer.", inner);

    public void Dispose() => client.Dispose();

    string Tries => retry.Attempts == 1 ? "asked once" : $"asked {retry.Attempts} times";

    Answer Send(string path, byte[]? body, string? id, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, url + path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        }
        if (id is not null) request.Headers.Add("Idempotency-Key", id);
        using var response = client.Send(request, HttpCompletionOption.ResponseContentRead, cancellation);
        using var content = new MemoryStream();
        response.Content.CopyTo(content, null, cancellation);
        return new Answer(response.StatusCode, content.ToArray());
    }

    JudgeException Refused(string path, Answer answer)
    {
        var status = (int)answer.Status;
        if (answer.Status is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden)
            return new JudgeException($"The remote judge at '{url}' asks for another token (status {status}); name the file that holds it in judge.token_file.");
        var text = RemoteText.Shorten(Encoding.UTF8.GetString(answer.Body));
        return Wrong($"with the status {status} to {path}{(text.Length == 0 ? "" : $" ('{text}')")}{(WorthAskingAgain.Contains(answer.Status) ? $", {Tries}" : "")}");
    }

    sealed record Answer(HttpStatusCode Status, byte[] Body);
}

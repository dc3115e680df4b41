package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.pglambda.journal.Journal;
import dev.pglambda.journal.JournalEntry;
import dev.pglambda.journal.JournalFilter;
import dev.pglambda.journal.Outcome;
import dev.pglambda.lambda.CallEvaluator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFutureListener;
import io.netty.handler.codec.http.HttpResponseStatus;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The calls: find them, make them once more, forget them. */
final class InvocationsApi {
  private static final int DEFAULT_LIMIT = 100;
  private static final int MOST = 1000;
  private static final int LONGEST_TEXT = 1000;
  private static final Set<String> PARAMETERS =
      Set.of("function", "outcome", "since", "before", "database", "text", "fields", "limit");

  private final Journal journal;
  private final CallEvaluator calls;
  private final Executor search;
  private final AnswerMemory memory;

  /** On the administration's event loop. */
  private int clears;

  /**
   * @param search where texts are searched, which takes a while; it rejects what is too much
   * @param memory what all answers may hold
   */
  InvocationsApi(Journal journal, CallEvaluator calls, Executor search, AnswerMemory memory) {
    this.journal = journal;
    this.calls = calls;
    this.search = search;
    this.memory = memory;
  }

  CompletionStage<@Nullable HttpAnswer> list(AdminRequest request) {
    for (String name : request.parameters().keySet()) {
      if (!PARAMETERS.contains(name)) {
        throw new BadRequestException(
            "parameter", name, String.join(", ", PARAMETERS.stream().sorted().toList()));
      }
    }
    JournalFilter filter = filter(request);
    int limit = limit(request.parameter("limit"));
    boolean summaries = summaries(request.parameter("fields"));
    String text = request.parameter("text");
    if (text == null) {
      return CompletableFuture.completedFuture(pages(journal.find(filter, limit), summaries));
    }
    if (text.length() > LONGEST_TEXT) {
      throw new BadRequestException(
          "text", text.length() + " characters", "at most " + LONGEST_TEXT);
    }
    return CompletableFuture.supplyAsync(
        () -> pages(find(filter, text, limit, request.channel()), summaries), search);
  }

  /** By their numbers, so that calls that are forgotten are not held for who reads slowly. */
  private HttpAnswer pages(List<JournalEntry> found, boolean summaries) {
    List<Long> ids = found.stream().map(JournalEntry::id).toList();
    InvocationPages pages = new InvocationPages(journal, ids, summaries, memory);
    return pages.makePart()
        ? HttpAnswer.streamed(HttpAnswer.JSON_TYPE, pages)
        : AnswerMemory.refusal();
  }

  private List<JournalEntry> find(JournalFilter filter, String text, int limit, Channel client) {
    Pattern pattern =
        Pattern.compile(Pattern.quote(text), Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);
    Predicate<CharSequence> has = each -> pattern.matcher(each).find();
    return journal.find(filter, Integer.MAX_VALUE).stream()
        .takeWhile(entry -> client.isActive())
        .filter(entry -> texts(entry).anyMatch(has))
        .limit(limit)
        .toList();
  }

  private static Stream<CharSequence> texts(JournalEntry entry) {
    String statement = entry.origin().statement();
    String message =
        entry.ending() == null || entry.ending().error() == null
            ? null
            : entry.ending().error().message();
    Stream<CharSequence> known =
        Stream.of(entry.functionName(), orEmpty(statement), orEmpty(message));
    return Stream.concat(
        known,
        Stream.of(entry)
            .flatMap(each -> Stream.of(decoded(each.payload()), decoded(each.response()))));
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }

  private static CharSequence decoded(@Nullable ByteBuffer bytes) {
    return bytes == null ? "" : UTF_8.decode(bytes.duplicate());
  }

  private static JournalFilter filter(AdminRequest request) {
    String outcome = request.parameter("outcome");
    boolean failed = "failed".equals(outcome);
    return new JournalFilter(
        request.parameter("function"),
        failed ? Boolean.TRUE : null,
        failed ? null : outcome(outcome),
        since(request.parameter("since")),
        before(request.parameter("before")),
        request.parameter("database"),
        null);
  }

  private static @Nullable Outcome outcome(@Nullable String label) {
    if (label == null) {
      return null;
    }
    return Arrays.stream(Outcome.values())
        .filter(each -> each.label().equals(label))
        .findFirst()
        .orElseThrow(
            () ->
                new BadRequestException(
                    "outcome", label, "ok, failed, pending, function_error, error or cancelled"));
  }

  private static @Nullable Instant since(@Nullable String text) {
    try {
      return text == null ? null : Instant.parse(text);
    } catch (DateTimeParseException e) {
      throw new BadRequestException("since", text, "a time such as 2026-01-31T12:00:00Z");
    }
  }

  private static @Nullable Long before(@Nullable String text) {
    if (text == null) {
      return null;
    }
    if (!text.matches("\\d{1,18}")) {
      throw new BadRequestException("before", text, "an id");
    }
    return Long.valueOf(text);
  }

  private static int limit(@Nullable String text) {
    if (text == null) {
      return DEFAULT_LIMIT;
    }
    int limit = text.matches("\\d{1,4}") ? Integer.parseInt(text) : 0;
    if (limit < 1 || limit > MOST) {
      throw new BadRequestException("limit", text, "1 to " + MOST);
    }
    return limit;
  }

  private static boolean summaries(@Nullable String fields) {
    if (fields != null && !fields.equals("summary")) {
      throw new BadRequestException("fields", fields, "summary");
    }
    return fields != null;
  }

  HttpAnswer one(AdminRequest request) {
    JournalEntry entry = journal.find(request.id());
    return entry == null ? notFound(request.id()) : whole(entry);
  }

  private static HttpAnswer notFound(long id) {
    return HttpAnswer.error(
        HttpResponseStatus.NOT_FOUND,
        "id: %d (expected: that of a call that is kept)".formatted(id));
  }

  private static HttpAnswer whole(JournalEntry entry) {
    return HttpAnswer.of(
        HttpResponseStatus.OK, HttpAnswer.JSON_TYPE, InvocationPages.json(entry, false));
  }

  void clear() {
    journal.clear();
    clears++;
  }

  /** How often calls were forgotten. */
  int clears() {
    return clears;
  }

  CompletionStage<@Nullable HttpAnswer> replay(AdminRequest request) {
    JournalEntry original = journal.find(request.id());
    if (original == null) {
      return CompletableFuture.completedFuture(notFound(request.id()));
    }
    ByteBuffer kept = original.payload();
    ByteBuffer payload = request.body().isEmpty() ? kept : payload(request.body());
    if (payload == null && original.requestBytes() > 0) {
      String why =
          journal.keepsPayloads()
              ? "the call takes more than half of --journal-size"
              : "--journal-payloads is off";
      return CompletableFuture.completedFuture(
          HttpAnswer.error(
              HttpResponseStatus.CONFLICT,
              "payload: not kept, %s (expected: one in the request)".formatted(why)));
    }
    return replay(original, payload == null ? null : payload.duplicate(), request.channel());
  }

  private CompletionStage<@Nullable HttpAnswer> replay(
      JournalEntry original, @Nullable ByteBuffer payload, Channel client) {
    ReplayedCall replay = new ReplayedCall(original.id());
    Runnable unlisten = journal.listen(replay);
    CompletableFuture<?> call =
        calls.call(
            original.arguments().withPayload(payload), original.origin().replaying(original.id()));
    ChannelFutureListener cancel = closed -> call.cancel(true);
    client.closeFuture().addListener(cancel);
    var unusedEnd =
        replay.ended.whenComplete(
            (entry, failure) -> {
              unlisten.run();
              client.closeFuture().removeListener(cancel);
            });
    // Not on the call's own thread, which has other calls to serve.
    return replay.ended.thenApplyAsync(InvocationsApi::whole, client.eventLoop());
  }

  /** Waits for the end of a call that is made once more. */
  private static final class ReplayedCall implements Consumer<JournalEntry> {
    private final long original;
    private final Thread caller = Thread.currentThread();
    private final CompletableFuture<JournalEntry> ended = new CompletableFuture<>();

    /** That of the new call; 0 until it is known. */
    private volatile long id;

    /** To be made on the thread that makes the call next. */
    ReplayedCall(long original) {
      this.original = original;
    }

    @Override
    public void accept(JournalEntry entry) {
      // A call is told of for the first time while it is made, on the thread that makes it.
      if (id == 0
          && Thread.currentThread() == caller
          && Objects.equals(entry.origin().replayOf(), original)) {
        id = entry.id();
      }
      if (entry.id() == id && entry.ending() != null) {
        ended.complete(entry);
      }
    }
  }

  private static ByteBuffer payload(String body) {
    JsonNode payload;
    try {
      JsonNode object = HttpAnswer.JSON.readTree(body);
      payload = object.isObject() && object.size() == 1 ? object.get("payload") : null;
    } catch (JsonProcessingException notJson) {
      payload = null;
    }
    if (payload == null || !payload.isTextual()) {
      throw new BadRequestException(
          "body", body.substring(0, Math.min(body.length(), 40)), "{\"payload\":\"<JSON text>\"}");
    }
    return ByteBuffer.wrap(payload.textValue().getBytes(UTF_8));
  }
}

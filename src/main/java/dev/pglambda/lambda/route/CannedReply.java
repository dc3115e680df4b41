package dev.pglambda.lambda.route;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Replies that were written down.
 *
 * @param cases the first whose condition holds answers; none: an error of the API says so
 */
public record CannedReply(List<Case> cases) implements Target {
  public CannedReply {
    cases = List.copyOf(cases);
  }

  /**
   * Replies for some payloads.
   *
   * @param contains what the payload must contain: every field with this value, deeply, an array's
   *     elements at their places; null: every payload does
   * @param replies one for each call, in order; the last one again and again. Never empty
   */
  public record Case(@Nullable JsonNode contains, List<Response> replies) {
    public Case {
      replies = List.copyOf(replies);
      if (replies.isEmpty()) {
        throw new IllegalArgumentException("replies: none (expected: at least one)");
      }
    }
  }

  /**
   * One reply.
   *
   * @param payload in whose texts <code>{{payload.order.id}}</code>, <code>{{function}}</code>,
   *     <code>{{qualifier}}</code>, <code>{{request_id}}</code> and <code>{{now}}</code> are filled
   *     in; null: none, an empty body
   * @param functionError {@code Unhandled} or {@code Handled}, or null: the function did not fail
   * @param status 200, or an error of the API from 400 on, whose words are {@code payload.message},
   *     else the service's
   * @param delay before the answer
   * @param log what the function printed, or null
   */
  public record Response(
      @Nullable JsonNode payload,
      @Nullable String functionError,
      int status,
      Duration delay,
      @Nullable String log) {

    /** An ordinary success. */
    public static Response of(JsonNode payload) {
      return new Response(payload, null, 200, Duration.ZERO, null);
    }
  }

  @Override
  public String description() {
    return "canned reply";
  }
}

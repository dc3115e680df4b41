package dev.pglambda.lambda.project;

import dev.pglambda.lambda.route.CannedReply;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The part {@code reply} of a route: answers that are written down. */
final class ReplySection {
  /** Those of one answer. */
  static final List<String> ANSWER_KEYS = List.of("payload", "error", "status", "delay", "log");

  /** Those of answers for some payloads. */
  static final List<String> CASE_KEYS =
      List.of("payload", "error", "status", "delay", "log", "sequence", "contains");

  static final List<String> KEYS =
      List.of("payload", "error", "status", "delay", "log", "sequence", "when");

  private static final int SUCCESS = 200;
  private static final int LEAST_ERROR = 400;
  private static final int MOST_ERROR = 599;

  private ReplySection() {}

  /** Cases in order; what stands beside {@code when} is for all other payloads. */
  static CannedReply read(SourceValue value) throws FunctionsException {
    Section reply = Section.of(value, "reply", KEYS);
    List<CannedReply.Case> cases = new ArrayList<>();
    for (SourceValue each : reply.list("when", "a list of cases")) {
      Section when = Section.of(each, "a case of when", CASE_KEYS);
      SourceValue contains = when.required("contains", "what the payload contains");
      cases.add(new CannedReply.Case(contains.toJson(), answers(when)));
    }
    if (cases.isEmpty()
        || !reply.present("payload", "error", "status", "delay", "log", "sequence").isEmpty()) {
      cases.add(new CannedReply.Case(null, answers(reply)));
    }
    return new CannedReply(cases);
  }

  private static List<CannedReply.Response> answers(Section section) throws FunctionsException {
    if (!section.has("sequence")) {
      return List.of(answer(section));
    }
    List<String> others = section.present("payload", "error", "status", "delay", "log");
    if (!others.isEmpty()) {
      throw section.wrong(
          "sequence", "beside " + String.join(", ", others), "these within its elements");
    }
    List<CannedReply.Response> answers = new ArrayList<>();
    for (SourceValue each : section.list("sequence", "a list of answers")) {
      answers.add(answer(Section.of(each, "an element of sequence", ANSWER_KEYS)));
    }
    return answers;
  }

  private static CannedReply.Response answer(Section section) throws FunctionsException {
    SourceValue payload = section.value("payload");
    Map<String, String> errors = Map.of("Unhandled", "Unhandled", "Handled", "Handled");
    @Nullable String error = section.has("error") ? section.choice("error", errors, "") : null;
    return new CannedReply.Response(
        payload == null ? null : payload.toJson(),
        error,
        status(section),
        section.duration("delay", Duration.ZERO),
        section.text("log", "text"));
  }

  private static int status(Section section) throws FunctionsException {
    int status = section.integer("status", SUCCESS, MOST_ERROR, SUCCESS);
    if (status != SUCCESS && status < LEAST_ERROR) {
      throw section.valueWrong(
          "status", "%d, or from %d to %d".formatted(SUCCESS, LEAST_ERROR, MOST_ERROR));
    }
    return status;
  }
}

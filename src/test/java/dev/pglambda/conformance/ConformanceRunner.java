package dev.pglambda.conformance;

import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/** Runs a case against a server or proxy and compares what comes with what it expects. */
public final class ConformanceRunner {
  private static final String PLAIN = "conformance_plain";
  private static final String CREATE_PLAIN =
      "DO $$ BEGIN CREATE ROLE %s LOGIN; EXCEPTION WHEN duplicate_object THEN END $$"
          .formatted(PLAIN);

  /** What cannot be done where the extension is not installed. */
  private static final Pattern ABOUT_EXTENSION =
      Pattern.compile(
          "(?is)(CREATE|ALTER|DROP|COMMENT ON) EXTENSION .*"
              + "|(GRANT|REVOKE) .*\\baws_(lambda|commons)\\b.*");

  /** SQLSTATE of what the extension's script says where no proxy takes it for itself. */
  private static final Value WANTS_KEYS = Value.of("ZL001");

  private final CaseFile caseFile;
  private final Variant variant;
  private final Target target;
  private final @Nullable LambdaEndpoint lambda;
  private final @Nullable CaseRecording recording;
  private final List<String> differences = new ArrayList<>();

  private ConformanceRunner(
      CaseFile caseFile,
      Variant variant,
      Target target,
      @Nullable LambdaEndpoint lambda,
      @Nullable CaseRecording recording) {
    this.recording = recording;
    this.caseFile = caseFile;
    this.variant = variant;
    this.target = target;
    this.lambda = lambda;
  }

  /**
   * Runs a case in each of its variants.
   *
   * @see #run(CaseFile, Variant, Target, LambdaEndpoint)
   */
  public static void run(CaseFile caseFile, Target target, @Nullable LambdaEndpoint lambda)
      throws IOException {
    for (Variant variant : caseFile.variants()) {
      run(caseFile, variant, target, lambda);
    }
  }

  /**
   * Runs a case in one variant. The plain role is created if the server does not have it, and
   * stays.
   *
   * @param lambda the endpoint that the proxy invokes; null if there is none
   * @throws AssertionError if an answer or the requests differ; the message has file, line and both
   *     transcripts
   * @throws TestAbortedException if the case is not for the target's version or needs an endpoint
   * @throws IOException if the server cannot be reached or refuses the setup
   */
  public static void run(
      CaseFile caseFile, Variant variant, Target target, @Nullable LambdaEndpoint lambda)
      throws IOException {
    if (!caseFile.appliesTo(target.version())) {
      throw new TestAbortedException(
          "%s is not for PostgreSQL %d".formatted(caseFile.file(), target.version()));
    }
    if (lambda == null && caseFile.usesLambda()) {
      throw new TestAbortedException(caseFile.file() + " needs a Lambda endpoint");
    }
    new ConformanceRunner(caseFile, variant, target, lambda, null).run();
  }

  /** Runs a case in one variant, and notes what is answered instead of comparing it. */
  static void record(
      CaseFile caseFile,
      Variant variant,
      Target target,
      LambdaEndpoint lambda,
      CaseRecording recording)
      throws IOException {
    new ConformanceRunner(caseFile, variant, target, lambda, recording).run();
  }

  private void run() throws IOException {
    if (lambda != null) {
      lambda.reset();
      caseFile.lambda().forEach(lambda::answer);
    }
    try {
      runAsOperator(setup());
      runSteps();
    } catch (IOException | RuntimeException | AssertionError e) {
      try {
        runAsOperator(possible(caseFile.teardown()));
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    runAsOperator(possible(caseFile.teardown()));
  }

  private void runAsOperator(List<String> statements) throws IOException {
    if (statements.isEmpty()) {
      return;
    }
    try (WireClient client = connect(target.user())) {
      for (String statement : statements) {
        for (BackendMessage message : client.query(statement).readUntilReady()) {
          if (message instanceof ErrorResponse error) {
            throw new IOException(
                "%s: %s: %s".formatted(caseFile.file(), statement, error.fields()));
          }
        }
      }
      client.terminate().flushOut();
    }
  }

  /** The case's own; then the plain role gets what AWS's guide says, and may create objects. */
  private List<String> setup() {
    List<String> statements = new ArrayList<>(caseFile.setup());
    if (variant.role() == Role.PLAIN) {
      statements.add(CREATE_PLAIN);
      statements.add("GRANT USAGE ON SCHEMA aws_lambda TO " + PLAIN);
      statements.add("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA aws_lambda TO " + PLAIN);
      statements.add("GRANT CREATE ON DATABASE \"%s\" TO %s".formatted(target.database(), PLAIN));
      statements.add("GRANT CREATE ON SCHEMA public TO " + PLAIN);
      statements.add("GRANT ALL ON ALL TABLES IN SCHEMA public TO " + PLAIN);
    }
    return possible(statements);
  }

  private List<String> possible(List<String> statements) {
    return variant.calls() == CallingMode.ABSENT
        ? statements.stream().filter(ABOUT_EXTENSION.asMatchPredicate().negate()).toList()
        : statements;
  }

  private void runSteps() throws IOException {
    try (WireClient client = connect(user())) {
      if (lambda != null) {
        lambda.takeRequests();
      }
      Conversation conversation = new Conversation(client, variant.mode(), new ServerTypes(target));
      for (Step step : caseFile.steps()) {
        if (step.isFor(variant) && !runStep(conversation, step)) {
          break;
        }
      }
      client.terminate().flushOut();
    }
    if (!differences.isEmpty()) {
      throw new AssertionError(String.join("\n", differences));
    }
  }

  private String user() {
    return switch (variant.role()) {
      case SUPERUSER -> target.user();
      case PLAIN -> PLAIN;
      case OWN -> Objects.requireNonNull(caseFile.role());
    };
  }

  /** Whether the session goes on; what differs is noted, for it may explain what comes next. */
  private boolean runStep(Conversation conversation, Step step) throws IOException {
    List<TranscriptLine> actual =
        new ArrayList<>(conversation.answer(step, step.copies(target.version(), variant)));
    if (lambda == null) {
      actual.removeIf(line -> WANTS_KEYS.equals(line.fields().get("C")));
    } else {
      lambda.takeRequests().stream().map(TranscriptLine::of).forEach(actual::add);
    }
    if (recording != null) {
      recording.add(target.version(), variant, step, actual);
    } else {
      compare(step, actual);
    }
    return actual.stream().anyMatch(line -> line.name().equals(TranscriptLine.READY_FOR_QUERY));
  }

  private void compare(Step step, List<TranscriptLine> actual) {
    String diff = TranscriptDiff.of(step.expected(target.version(), variant), actual);
    if (!diff.isEmpty()) {
      differences.add(
          "%s:%d: %s%n%s, PostgreSQL %d (- expected, + actual)%n%s%n%n%s"
              .formatted(
                  caseFile.file(),
                  step.line(),
                  caseFile.title(),
                  variant,
                  target.version(),
                  step.sql().indent(2).stripTrailing(),
                  diff));
    }
  }

  private WireClient connect(String user) throws IOException {
    return WireClient.connect(
        target.host(), target.port(), user, target.database(), target.password());
  }
}

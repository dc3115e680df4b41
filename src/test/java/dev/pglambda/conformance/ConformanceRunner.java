package dev.pglambda.conformance;

import dev.pglambda.testing.ServerMessage;
import dev.pglambda.testing.ServerMessage.ErrorResponse;
import dev.pglambda.testing.ServerMessage.ReadyForQuery;
import dev.pglambda.testing.WireClient;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.opentest4j.TestAbortedException;

/** Runs a case against a server or proxy and compares what comes with what it expects. */
public final class ConformanceRunner {
  private final CaseFile caseFile;
  private final Mode mode;
  private final Target target;
  private final @Nullable LambdaEndpoint lambda;
  private final Transcriber transcriber;

  private ConformanceRunner(
      CaseFile caseFile, Mode mode, Target target, @Nullable LambdaEndpoint lambda) {
    this.caseFile = caseFile;
    this.mode = mode;
    this.target = target;
    this.lambda = lambda;
    this.transcriber = new Transcriber(new TypeNames(target));
  }

  /**
   * Runs a case in each of its protocols.
   *
   * @see #run(CaseFile, Mode, Target, LambdaEndpoint)
   */
  public static void run(CaseFile caseFile, Target target, @Nullable LambdaEndpoint lambda)
      throws IOException {
    for (Mode mode : caseFile.modes()) {
      run(caseFile, mode, target, lambda);
    }
  }

  /**
   * Runs a case in one protocol.
   *
   * @param lambda the endpoint that the proxy invokes; null if there is none
   * @throws AssertionError if an answer or the requests differ; the message has file, line and both
   *     transcripts
   * @throws TestAbortedException if the case is not for the target's version or needs an endpoint
   * @throws IOException if the server cannot be reached or refuses the setup
   */
  public static void run(
      CaseFile caseFile, Mode mode, Target target, @Nullable LambdaEndpoint lambda)
      throws IOException {
    if (!caseFile.appliesTo(target.version())) {
      throw new TestAbortedException(
          "%s is not for PostgreSQL %d".formatted(caseFile.file(), target.version()));
    }
    if (lambda == null && caseFile.usesLambda()) {
      throw new TestAbortedException(caseFile.file() + " needs a Lambda endpoint");
    }
    new ConformanceRunner(caseFile, mode, target, lambda).run();
  }

  private void run() throws IOException {
    if (lambda != null) {
      lambda.reset();
      caseFile.lambda().forEach(lambda::answer);
    }
    try {
      runAsOperator(caseFile.setup());
      runSteps();
    } catch (IOException | RuntimeException | AssertionError e) {
      try {
        runAsOperator(caseFile.teardown());
      } catch (IOException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
    runAsOperator(caseFile.teardown());
  }

  private void runAsOperator(List<String> statements) throws IOException {
    if (statements.isEmpty()) {
      return;
    }
    try (WireClient client = connect(target.user())) {
      for (String statement : statements) {
        for (ServerMessage message : client.query(statement).readUntilReady()) {
          if (message instanceof ErrorResponse error) {
            throw new IOException(
                "%s: %s: %s".formatted(caseFile.file(), statement, error.fields()));
          }
        }
      }
      client.terminate().flushOut();
    }
  }

  private void runSteps() throws IOException {
    String user = caseFile.role() == null ? target.user() : caseFile.role();
    try (WireClient client = connect(user)) {
      if (lambda != null) {
        lambda.takeRequests();
      }
      for (Step step : caseFile.steps()) {
        runStep(client, step);
      }
      client.terminate().flushOut();
    }
  }

  private void runStep(WireClient client, Step step) throws IOException {
    List<TranscriptLine> actual = new ArrayList<>();
    try {
      mode.send(client, step.sql(), step.parameters());
      receive(client, actual);
    } catch (SocketTimeoutException e) {
      actual.add(TranscriptLine.of("(nothing more came)"));
    } catch (SocketException e) {
      actual.add(TranscriptLine.of(TranscriptLine.CLOSED));
    }
    if (lambda != null) {
      lambda.takeRequests().stream().map(TranscriptLine::of).forEach(actual::add);
    }
    String diff = TranscriptDiff.of(step.expected(target.version(), mode), actual);
    if (!diff.isEmpty()) {
      throw new AssertionError(
          "%s:%d: %s%n%s protocol, PostgreSQL %d (- expected, + actual)%n%s%n%n%s"
              .formatted(
                  caseFile.file(),
                  step.line(),
                  caseFile.title(),
                  mode,
                  target.version(),
                  step.sql().indent(2).stripTrailing(),
                  diff));
    }
  }

  private void receive(WireClient client, List<TranscriptLine> lines) throws IOException {
    while (true) {
      ServerMessage message = client.read();
      TranscriptLine line =
          message == null ? TranscriptLine.of(TranscriptLine.CLOSED) : transcriber.line(message);
      if (line != null) {
        lines.add(line);
      }
      if (message == null || message instanceof ReadyForQuery) {
        return;
      }
      if (message instanceof ServerMessage.CopyInResponse) {
        client.copyFail("a conformance case has no data to copy");
        if (mode == Mode.EXTENDED) {
          client.sync();
        }
      }
    }
  }

  private WireClient connect(String user) throws IOException {
    return WireClient.connect(
        target.host(), target.port(), user, target.database(), target.password());
  }
}

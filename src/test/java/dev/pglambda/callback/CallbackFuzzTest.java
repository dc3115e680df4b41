package dev.pglambda.callback;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.lambda.CallOrigin;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.lambda.InvokeArguments.Form;
import dev.pglambda.limits.MemoryBudget;
import dev.pglambda.protocol.BackendMessage;
import dev.pglambda.protocol.BackendMessage.ErrorResponse;
import dev.pglambda.protocol.Message;
import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.RefusalCounts;
import dev.pglambda.protocol.auth.ChannelBinding;
import dev.pglambda.protocol.auth.ChannelBindingException;
import dev.pglambda.protocol.auth.ScramCredentials;
import dev.pglambda.protocol.auth.ScramServer;
import dev.pglambda.testing.FuzzInput;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What comes from somebody who has found the proxy's port, or stands on the line. */
class CallbackFuzzTest {
  private static final String NONCE = "3rfcNHYJY1ZVvWVs7j";
  private static final ScramCredentials CREDENTIALS =
      new ScramCredentials(Worker.KEYS.linkPassword(), Worker.KEYS.salt());
  private static final CallbackLimits LIMITS =
      new CallbackLimits(
          Duration.ofSeconds(10),
          Duration.ofMillis(100),
          Duration.ofSeconds(10),
          4096,
          100,
          4,
          Duration.ofMinutes(10),
          MemoryBudget.unlimited());

  private final FakeFunction function = new FakeFunction();
  private final ClientSessions sessions = new ClientSessions(token -> null);

  @FuzzTest
  void refusesAnyBytesThatDoNotAuthenticate(byte[] input) {
    Worker worker = worker(link -> authentication(link));
    for (byte[] piece : new FuzzInput(input).pieces()) {
      if (worker.channel.isOpen()) {
        worker.send(piece);
        assertOrderly(worker.received(), List.of("Authentication", "ErrorResponse"));
      }
    }
    worker.pass(Duration.ofSeconds(10));
    assertThat(worker.channel.isOpen()).as("after the time-out").isFalse();
    worker.close();
    assertThat(function.arguments).isEmpty();
  }

  @FuzzTest
  void answersAnyBytesThatFollowAuthentication(byte[] input) {
    Worker worker = worker(this::requests);
    for (byte[] piece : new FuzzInput(input).pieces()) {
      if (worker.channel.isOpen()) {
        worker.send(piece);
        assertOrderly(
            worker.received(),
            List.of(
                "RowDescription",
                "DataRow",
                "CommandComplete",
                "ReadyForQuery",
                "ErrorResponse",
                "ParameterStatus",
                "BackendKeyData"));
      }
    }
    worker.close();
    assertThat(function.arguments).as("calls without a proof").isEmpty();
  }

  /** Only who has the keys can send these: the server's own roles, by way of the worker. */
  @FuzzTest
  void answersAnyTextThatCarriesAProof(byte[] input) {
    String text = new String(input, ISO_8859_1).replace('\0', '0');
    Worker worker = worker(this::requests);
    worker.received();
    worker.hello();
    String proof = WorkerProof.of(Worker.KEYS, worker.nonce(), text);
    worker.send(Worker.query(proof + " " + text));
    if (!function.results.isEmpty() && !function.last().isDone()) {
      function.last().complete(FakeFunction.row("1"));
    }
    List<BackendMessage> answer = worker.received();
    assertThat(answer)
        .extracting(Message::name)
        .endsWith("ReadyForQuery")
        .doesNotContain("BackendKeyData");
    assertThat(worker.channel.isOpen()).isTrue();
    worker.close();
    function.arguments.clear();
    function.results.clear();
  }

  @FuzzTest
  void readsAnyFieldsOrRefusesThem(byte[] text) {
    RequestReader reader = new RequestReader(text, 0, text.length);
    try {
      String name = reader.name();
      assertThat(name).isEqualTo(new String(text, 0, name.length(), ISO_8859_1));
      assertThat(reader.sequence()).isNotNegative();
      String session = reader.session();
      InvokeArguments arguments =
          reader.arguments(Objects.requireNonNullElse(reader.form(), Form.NAME));
      CallOrigin origin = reader.origin(null, "", UTF_8);
      reader.end();

      assertThat(bytesOf(session) + bytesOf(arguments)).isLessThan(text.length);
      assertThat(origin.client()).isNull();
    } catch (RefusedRequestException refused) {
      assertThat(refused.error().sqlState()).matches("[0-9A-Z]{5}");
      assertThat(refused.error().message()).isNotEmpty();
    }
  }

  /** {@code client-first NUL client-final}; a percent sign in the latter is the whole nonce. */
  @FuzzTest
  void refusesAnyScramMessages(byte[] input) {
    String[] messages = new String(input, ISO_8859_1).split("\0", 2);
    refuses(messages, ScramServer.MECHANISM, ChannelBinding.NONE);
    refuses(messages, ScramServer.MECHANISM, ChannelBinding.UNENCRYPTED);
    refuses(messages, ScramServer.BOUND_MECHANISM, ChannelBinding.to(new byte[32]));
  }

  private static void refuses(String[] messages, String mechanism, ChannelBinding binding) {
    ScramServer server = new ScramServer(CREDENTIALS, NONCE, binding);
    try {
      String serverFirst = server.first(mechanism, messages[0]);
      assertThat(serverFirst).matches("(?s)r=[!-+\\--~]+" + NONCE + ",s=[^,]+,i=4096");
      if (messages.length > 1) {
        String nonce = serverFirst.substring(2, serverFirst.indexOf(','));
        assertThat(server.last(messages[1].replace("%", nonce))).as("authenticated").isNull();
      }
    } catch (ProtocolViolation | ChannelBindingException refused) {
      assertThat(refused.getMessage()).isNotEmpty();
    }
  }

  private Worker worker(Function<Link, LinkPhase> phase) {
    Worker worker = new Worker();
    worker.channel.config().setAllocator(worker.allocator);
    worker.channel.freezeTime();
    worker
        .channel
        .pipeline()
        .addLast(new Link(worker.channel, MemoryBudget.unlimited(), new RefusalCounts(), phase));
    return worker;
  }

  private LinkPhase authentication(Link link) {
    return new AuthenticationPhase(
        link,
        CREDENTIALS,
        ChannelBinding.NONE,
        new FailedLogins(System::nanoTime),
        LIMITS.authenticationTimeout(),
        requests(link),
        () -> {});
  }

  private LinkPhase requests(Link link) {
    return new RequestPhase(
        link,
        Worker.INSTALLATION,
        Worker.KEYS,
        LIMITS,
        function,
        new RecordedInvocations(Worker.JOURNAL, Runnable::run),
        sessions,
        new CallsInProgress(),
        new Semaphore(100),
        LinkEncoding.UTF8);
  }

  /** Whole messages of the types that are possible, and after a FATAL nothing. */
  private static void assertOrderly(List<BackendMessage> received, List<String> types) {
    for (int i = 0; i < received.size(); i++) {
      BackendMessage message = received.get(i);
      assertThat(message.name()).isIn(types);
      if (message instanceof ErrorResponse error && error.fields().isFatal()) {
        assertThat(message).matches(Worker.isFatal("08P01"));
        assertThat(i).isEqualTo(received.size() - 1);
      }
    }
  }

  private static int bytesOf(@Nullable String text) {
    return text == null ? 0 : text.getBytes(UTF_8).length;
  }

  private static int bytesOf(InvokeArguments arguments) {
    ByteBuffer payload = arguments.payload();
    return bytesOf(arguments.functionName()) + (payload == null ? 0 : payload.remaining());
  }
}

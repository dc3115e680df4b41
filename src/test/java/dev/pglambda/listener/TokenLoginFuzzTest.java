package dev.pglambda.listener;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.config.IamAuthentication;
import dev.pglambda.iam.TokenVerifier;
import dev.pglambda.lambda.AccessKey;
import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.testing.FuzzInput;
import dev.pglambda.testing.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a client sends that is asked for a token. */
class TokenLoginFuzzTest {
  private static final AccessKey KEY =
      new AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null);

  private static final Path INPUTS =
      Path.of(
          "src/test/resources/dev/pglambda/listener/TokenLoginFuzzTestInputs",
          "answersInOnePieceAsInMany");

  /** The inputs hold a token that counts now. */
  private static final TokenVerifier TOKENS =
      new TokenVerifier(
          new IamAuthentication(false, List.of("app"), List.of(), null),
          new SdkPartitions(),
          () -> CompletableFuture.completedFuture(KEY),
          Clock.fixed(Instant.parse("2026-11-22T23:51:00Z"), ZoneOffset.UTC));

  @FuzzTest
  void answersInOnePieceAsInMany(byte[] input) {
    List<byte[]> pieces = new FuzzInput(input).pieces();
    byte[] whole = Peer.concat(pieces.toArray(byte[][]::new));

    assertThat(outcome(pieces)).isEqualTo(outcome(List.of(whole)));
  }

  /** What became of it, and what the session gets. */
  private static String outcome(List<byte[]> pieces) {
    StringBuilder outcome = new StringBuilder();
    EmbeddedChannel client = new EmbeddedChannel();
    client
        .pipeline()
        .addLast(
            new TokenLogin(
                TOKENS,
                "app",
                behind -> {
                  outcome.append("accepted, and then ").append(behind.toString(ISO_8859_1));
                  behind.release();
                },
                error -> outcome.append(error.sqlState()).append(error.message())));
    for (byte[] piece : pieces) {
      client.writeInbound(Unpooled.copiedBuffer(piece));
    }
    for (ByteBuf more = client.readInbound(); more != null; more = client.readInbound()) {
      if (outcome.indexOf("accepted") == 0) {
        outcome.append(more.toString(ISO_8859_1));
      }
      more.release();
    }
    client.finishAndReleaseAll();
    return outcome.toString();
  }

  /** So that the target is not one that refuses everything. */
  @Test
  void anInputHoldsATokenThatCounts() throws Exception {
    byte[] input = Files.readAllBytes(INPUTS.resolve("token_and_query"));

    assertThat(outcome(new FuzzInput(input).pieces()))
        .matches("(?s)accepted, and then Q.*SELECT 1\0");
  }
}

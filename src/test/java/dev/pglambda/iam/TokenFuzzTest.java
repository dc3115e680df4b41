package dev.pglambda.iam;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.pglambda.config.IamAuthentication;
import dev.pglambda.lambda.AccessKey;
import dev.pglambda.lambda.aws.SdkPartitions;
import dev.pglambda.testing.FuzzInput;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Authentication tokens, whatever they are. */
class TokenFuzzTest {
  private static final AccessKey KEY =
      new AccessKey("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", null);
  private static final String GOOD = TokensOfTheCli.PERMANENT;
  private static final AuthenticationToken READ =
      AuthenticationToken.parse(GOOD.getBytes(ISO_8859_1));
  private static final Clock CLOCK =
      Clock.fixed(Instant.parse("2026-11-22T23:51:00Z"), ZoneOffset.UTC);
  private static final SdkPartitions PARTITIONS = new SdkPartitions();

  /** What is read is the same if it is written as it was signed. */
  @FuzzTest
  void readsAnyBytesOrRefusesThem(byte[] input) {
    AuthenticationToken token;
    try {
      token = AuthenticationToken.parse(input);
    } catch (RefusedTokenException refused) {
      return;
    }
    String written =
        "%s:%d/?%s&X-Amz-Signature=%s"
            .formatted(token.host(), token.port(), token.canonicalQuery(), token.signature());
    assertThat(AuthenticationToken.parse(written.getBytes(ISO_8859_1))).isEqualTo(token);
    assertThat(token.toString()).doesNotContain(token.signature());
  }

  /** A good one of which bytes were changed counts only if it says the same. */
  @FuzzTest
  void takesNoTokenThatWasAltered(byte[] input) {
    byte[] altered = altered(new FuzzInput(input));

    AuthenticationToken signed = accepted(false, altered);
    if (signed != null) {
      assertThat(signed.canonicalQuery()).isEqualTo(READ.canonicalQuery());
      assertThat(signed.signature()).isEqualTo(READ.signature());
      assertThat(signed.host()).isEqualToIgnoringCase(READ.host());
      assertThat(signed.port()).isEqualTo(READ.port());
    }
    AuthenticationToken any = accepted(true, altered);
    if (any != null) {
      assertThat(any.user()).isEqualTo("app");
      assertThat(any.validity()).isLessThanOrEqualTo(Duration.ofMinutes(15));
      assertThat(CLOCK.instant()).isBefore(any.date().plus(any.validity()));
    }
  }

  private static byte[] altered(FuzzInput fuzzed) {
    StringBuilder token = new StringBuilder(GOOD);
    while (!fuzzed.isEmpty()) {
      int at = (fuzzed.next() << 8 | fuzzed.next()) % token.length();
      switch (fuzzed.below(3)) {
        case 0 -> token.setCharAt(at, fuzzed.nextChar());
        case 1 -> token.insert(at, fuzzed.nextChar());
        default -> token.delete(at, Math.min(token.length() - 1, at + 1));
      }
    }
    return token.toString().getBytes(ISO_8859_1);
  }

  /** Null: it does not count. */
  private static @Nullable AuthenticationToken accepted(boolean unverified, byte[] token) {
    IamAuthentication rules = new IamAuthentication(unverified, List.of("app"), List.of(), null);
    TokenVerifier verifier =
        new TokenVerifier(rules, PARTITIONS, () -> CompletableFuture.completedFuture(KEY), CLOCK);
    try {
      verifier.verify(token, "app").toCompletableFuture().join();
      return AuthenticationToken.parse(token);
    } catch (CompletionException refused) {
      assertThat(refused.getCause()).isInstanceOf(RefusedTokenException.class);
      return null;
    }
  }
}

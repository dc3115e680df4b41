package dev.pglambda.iam;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.pglambda.config.IamAuthentication;
import dev.pglambda.lambda.AccessKey;
import dev.pglambda.lambda.AccessKeySource;
import dev.pglambda.lambda.Partitions;
import dev.pglambda.limits.LogThrottle;
import java.net.SocketAddress;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says who logs in by a token, and whether a token counts. Thread-safe. */
public final class TokenVerifier {
  private static final Logger log = LoggerFactory.getLogger(TokenVerifier.class);
  private static final String EVERYBODY = "*";

  /** RDS's (Amazon RDS User Guide, "IAM database authentication"). */
  private static final Duration LONGEST_VALIDITY = Duration.ofMinutes(15);

  private static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

  /** PostgreSQL's, in bytes (NAMEDATALEN without the end). */
  private static final int LONGEST_NAME = 63;

  private final LogThrottle throttle = new LogThrottle();
  private final IamAuthentication rules;
  private final Partitions partitions;
  private final AccessKeySource keys;
  private final Clock clock;

  public TokenVerifier(
      IamAuthentication rules, Partitions partitions, AccessKeySource keys, Clock clock) {
    this.rules = rules;
    this.partitions = partitions;
    this.keys = keys;
    this.clock = clock;
  }

  public IamAuthentication rules() {
    return rules;
  }

  /**
   * Whether the server could take a user, of whom the client gives the name, for one of these
   * (postmaster.c, ProcessStartupPacket): with db_user_namespace a name may end with an at sign, or
   * gets the database's behind one, and a name that is too long is cut off.
   */
  public boolean isFor(String user, String database) {
    int at = user.indexOf('@');
    String global = at >= 0 && at == user.length() - 1 ? user.substring(0, at) : user;
    String name = global.length() > LONGEST_NAME ? global.substring(0, LONGEST_NAME) : global;
    return rules.users().contains(EVERYBODY)
        || rules.users().contains(user)
        || rules.users().contains(name)
        || rules.users().contains(user + "@" + database);
  }

  /**
   * Verifies a token, which is not kept. The stage completes normally, on any thread, if it counts
   * for this user, and fails in every other case, for a reason for {@link #logRefusal} alone.
   *
   * @param user one {@code char} per byte
   */
  public CompletionStage<?> verify(byte[] token, String user) {
    try {
      AuthenticationToken read = AuthenticationToken.parse(token);
      require(read, user);
      return keys.current().handle((key, failure) -> signedBy(read, key, failure));
    } catch (RuntimeException refused) {
      return CompletableFuture.failedStage(refused);
    }
  }

  /** Says why a token was refused, but for a flood of them. */
  public void logRefusal(@Nullable SocketAddress client, String user, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    throttle.warn(
        log,
        "refused client {}: the token of user \"{}\" does not count: {}",
        client,
        LogThrottle.onOneLine(user),
        // What else has failed may tell of the token.
        cause instanceof RefusedTokenException
            ? cause.getMessage()
            : String.valueOf(cause == null ? null : cause.getClass()));
  }

  /** All but the signature. */
  private void require(AuthenticationToken token, String user) {
    if (!token.user().equals(user)) {
      throw new RefusedTokenException("it is for another user");
    }
    if (!isForHost(token)) {
      throw new RefusedTokenException(
          "it is for %s:%d (expected: --iam-host)".formatted(token.host(), token.port()));
    }
    if (partitions.partitionOf(token.scope().region()) == null) {
      throw new RefusedTokenException("its region is none of AWS");
    }
    if (!token.amzDate().startsWith(token.scope().date())) {
      throw new RefusedTokenException("its credentials are for another day than its date");
    }
    requireTime(token);
  }

  private boolean isForHost(AuthenticationToken token) {
    String host = token.host().replaceAll("[\\[\\]]", "");
    return rules.hosts().isEmpty()
        || rules.hosts().stream().anyMatch(each -> each.holdsFor(host, token.port()));
  }

  private void requireTime(AuthenticationToken token) {
    Instant now = clock.instant();
    if (token.validity().compareTo(LONGEST_VALIDITY) > 0) {
      throw new RefusedTokenException(
          "it is valid for %d s (expected: at most %d s)"
              .formatted(token.validity().toSeconds(), LONGEST_VALIDITY.toSeconds()));
    }
    if (!now.isBefore(token.date().plus(token.validity()))) {
      throw new RefusedTokenException("it has expired, as it was made at " + token.date());
    }
    if (token.date().isAfter(now.plus(CLOCK_SKEW))) {
      throw new RefusedTokenException("it was made in the future, at " + token.date());
    }
  }

  /** Returns the token if it is signed as it must be. */
  private AuthenticationToken signedBy(
      AuthenticationToken token, @Nullable AccessKey key, @Nullable Throwable failure) {
    if (key == null || !key.id().equals(token.accessKeyId())) {
      if (!rules.unverified()) {
        throw new RefusedTokenException(
            "it is signed with access key %s, and the proxy has %s"
                .formatted(token.accessKeyId(), key == null ? none(failure) : key.id()));
      }
      return token;
    }
    if (!isEqual(token.securityToken(), key.sessionToken())) {
      throw new RefusedTokenException("its security token is not that of its access key");
    }
    if (!TokenSignature.isOf(token, key)) {
      throw new RefusedTokenException("its signature is wrong");
    }
    return token;
  }

  private static String none(@Nullable Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    String message = cause == null ? null : cause.getMessage();
    return "no AWS credentials" + (message == null ? "" : ": " + LogThrottle.onOneLine(message));
  }

  private static boolean isEqual(@Nullable String one, @Nullable String other) {
    return MessageDigest.isEqual(
        Objects.requireNonNullElse(one, "").getBytes(ISO_8859_1),
        Objects.requireNonNullElse(other, "").getBytes(ISO_8859_1));
  }
}

package dev.pglambda;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.pglambda.callback.CallbackProof;
import dev.pglambda.direct.plan.DirectCalls;
import dev.pglambda.lambda.InvokeArguments;
import dev.pglambda.limits.LogThrottle;
import dev.pglambda.protocol.SqlState;
import dev.pglambda.relay.ExtendedQueryPipeline;
import dev.pglambda.relay.LocalExecution;
import dev.pglambda.relay.PipelineReplies;
import dev.pglambda.relay.SessionContext;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has the server of a named backend call the proxy before a client's call depends on it: when the
 * first session of a database is ready, and before its client is told so. The call names no
 * function, so the proxy refuses it; what it is made in is rolled back. Where the extension is not
 * installed, the role may not call, or the extension belongs to another role that is no superuser,
 * nothing happens, and a later session is asked. Safe for use by many threads.
 */
final class CallbackTrial implements LocalExecution.Provider {
  private static final Logger log = LoggerFactory.getLogger(CallbackTrial.class);

  /** A role is asked again in a database after so long at the least. */
  private static final Duration PAUSE = Duration.ofSeconds(60);

  /**
   * How long the client's ReadyForQuery waits for it. The server may take longer, as nothing
   * interrupts the look-up of a name, nor dblink before PostgreSQL 16.
   */
  private static final Duration LIMIT = Duration.ofSeconds(3);

  /** And what the client has brought is not what it comes to. */
  private static final String LIMITED =
      "SELECT pg_catalog.set_config('statement_timeout', '"
          + LIMIT.toMillis()
          + "', true), pg_catalog.set_config('pglambda.trial', '', true)";

  /** The same in times of how long it took. */
  private static final int PAUSES = 100;

  /** Of so many the time is kept at once. */
  private static final int MOST_ASKED = 1_000;

  /** Where the extension's error says that it has tried. */
  private static final Pattern LOOPBACK = Pattern.compile(" at (127\\.[\\d.]+|::1|localhost):\\d+");

  /** Formatted with the question whether the role may call. */
  private static final String BLOCK =
      "DO $pglambda_trial$DECLARE told_detail pg_catalog.text; told_hint pg_catalog.text; BEGIN"
          + " IF pg_catalog.current_setting('transaction_read_only') OPERATOR(pg_catalog.=) 'off'"
          + " AND pg_catalog.to_regnamespace('pglambda') IS NOT NULL" // not RDS's own
          + " AND (SELECT q.a AND q.b AND q.c FROM (%s) AS q (a, b, c, d))"
          // Nobody has asked for this call: what it runs must not gain by the role that it runs as.
          + " AND NOT EXISTS (SELECT FROM pg_catalog.pg_proc AS p"
          + " JOIN pg_catalog.pg_namespace AS n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace"
          + " JOIN pg_catalog.pg_roles AS o ON o.oid OPERATOR(pg_catalog.=) p.proowner"
          + " WHERE n.nspname OPERATOR(pg_catalog.=) 'aws_lambda' AND NOT o.rolsuper"
          + " AND o.rolname OPERATOR(pg_catalog.<>) CURRENT_USER) THEN"
          + " BEGIN SET LOCAL pglambda.callback TO DEFAULT;"
          + " PERFORM aws_lambda.invoke(NULL::pg_catalog.text, NULL::pg_catalog.json,"
          + " qualifier => '"
          + InvokeArguments.TRIAL
          + "');"
          + " RAISE EXCEPTION USING ERRCODE = 'ZL002';"
          + " EXCEPTION WHEN OTHERS THEN"
          + " GET STACKED DIAGNOSTICS told_detail = PG_EXCEPTION_DETAIL,"
          + " told_hint = PG_EXCEPTION_HINT;"
          + " PERFORM pg_catalog.set_config('pglambda.trial', pg_catalog.concat(SQLSTATE,"
          + " pg_catalog.chr(1), pg_catalog.left(pg_catalog.concat(SQLERRM, ': ', told_detail), 2000),"
          + " pg_catalog.chr(1), pg_catalog.left(told_hint, 2000)), true); END;"
          + " END IF; END$pglambda_trial$";

  /** What it came to, which is forgotten then, and where the server is. */
  private static final String OUTCOME =
      "SELECT pg_catalog.current_setting('pglambda.trial', true),"
          + " pg_catalog.set_config('pglambda.trial', '', true),"
          + " pg_catalog.host(pg_catalog.inet_server_addr())";

  private static final String SEPARATOR = "\u0001";

  private final LocalExecution.Provider localExecution;
  private final String block;
  private final CallbackProof proof;
  private final InetSocketAddress listen;
  private final String target;
  private final LongSupplier nanoTime;

  /** From when on it may be asked. */
  private final Map<Asked, Long> due = new ConcurrentHashMap<>();

  /** A role that may not call must not use up the time of one that may. */
  private record Asked(String database, @Nullable String role) {}

  /**
   * @param listen where the proxy accepts calls
   * @param target where the server looks for it, for people
   */
  CallbackTrial(
      LocalExecution.Provider localExecution,
      DirectCalls calls,
      CallbackProof proof,
      InetSocketAddress listen,
      String target,
      LongSupplier nanoTime) {
    this.localExecution = localExecution;
    this.block = BLOCK.formatted(calls.in("").trialQuestion().query());
    this.proof = proof;
    this.listen = listen;
    this.target = target;
    this.nanoTime = nanoTime;
  }

  @Override
  public @Nullable LocalExecution create(String database, SessionContext context) {
    return localExecution.create(database, context);
  }

  @Override
  public boolean atFirstReady(String database, SessionContext context) {
    long begin = nanoTime.getAsLong();
    Asked role = new Asked(database, context.settings().role());
    if (proof.provenAt() != null || !beginTrying(role, begin)) {
      return false;
    }
    ExtendedQueryPipeline trial =
        context
            .pipeline()
            .suppressNotices(true)
            .suppressErrors(error -> true)
            .query(LIMITED)
            .query(block)
            .query(OUTCOME)
            .sync();
    if (trial.isRefused()) {
      trial.discard();
      return false;
    }
    CompletionStage<PipelineReplies> answered = trial.send();
    answered.thenAccept(asked -> answered(role, asked, begin));
    context.readyBehind(answered, LIMIT);
    return true;
  }

  private boolean beginTrying(Asked role, long now) {
    Long next = due.get(role);
    long later = now + PAUSE.toNanos();
    if (next != null) {
      return now - next >= 0 && due.replace(role, next, later);
    }
    if (due.size() >= MOST_ASKED) {
      due.values().removeIf(past -> now - past >= 0);
    }
    return due.size() < MOST_ASKED && due.putIfAbsent(role, later) == null;
  }

  private void answered(Asked role, PipelineReplies asked, long begin) {
    long now = nanoTime.getAsLong();
    due.put(role, now + Math.max(PAUSE.toNanos(), PAUSES * (now - begin)));
    int last = asked.rows().size() - 1;
    if (last > 0) {
      List<byte @Nullable []> row = asked.rows().get(last);
      judge(role.database(), text(row.get(0)), text(row.get(2)));
    } else if (now - begin >= LIMIT.toNanos()) {
      failed(
          role.database(),
          "the server got no answer at %s within %d s".formatted(target, LIMIT.toSeconds()),
          "Set --callback-address to where PostgreSQL reaches the proxy, and let what filters"
              + " packets pass them.");
    } // else the role may not even execute a block
  }

  /**
   * What was told is an SQLSTATE, a message and a hint; or empty if nothing was tried. A success is
   * believed only if a link was admitted, too: a role can have a schema of that name with functions
   * of its own.
   */
  private void judge(String database, String told, String serverAddress) {
    String[] parts = told.split(SEPARATOR, -1);
    if (parts.length < 3) {
      return;
    }
    if (!parts[0].equals(SqlState.NULL_VALUE_NOT_ALLOWED)) {
      failed(database, parts[1], advice(parts[1], parts[2], serverAddress, listen));
    } else if (proof.provenAt() != null) {
      log.info("PostgreSQL calls back: tried in database {}", LogThrottle.onOneLine(database));
    }
  }

  private void failed(String database, String reason, String advice) {
    if (proof.failed(LogThrottle.onOneLine(reason).strip())) {
      log.warn(
          "PostgreSQL cannot call back: tried in database {}, {} {}",
          LogThrottle.onOneLine(database),
          proof.failure(),
          LogThrottle.onOneLine(advice));
    }
  }

  private static String text(byte @Nullable [] value) {
    return value == null ? "" : new String(value, UTF_8);
  }

  /**
   * The server's hint, or what it cannot know.
   *
   * @param serverAddress its own, as it sees the session; empty: a Unix-domain socket
   */
  static String advice(String reason, String hint, String serverAddress, InetSocketAddress listen) {
    boolean toItself = LOOPBACK.matcher(reason).find();
    InetAddress own = listen.getAddress();
    String listenElsewhere =
        own.isLoopbackAddress()
            ? " The proxy listens on %s only: set --listen 0.0.0.0:%d, too."
                .formatted(own.getHostAddress(), listen.getPort())
            : "";
    if (!toItself) {
      return hint + listenElsewhere;
    }
    return serverAddress.isEmpty() || isLoopback(serverAddress)
        ? hint
        : "There, at "
            + serverAddress
            + ", that is the server's own machine or container: set --callback-address to a name of"
            + " the proxy's, for example host.docker.internal from a container to its host, or the"
            + " proxy's service in a Compose file."
            + listenElsewhere;
  }

  private static boolean isLoopback(String address) {
    byte[] bytes = NetUtil.createByteArrayFromIpAddressString(address);
    return bytes != null && (bytes[0] == 127 || address.equals("::1"));
  }
}

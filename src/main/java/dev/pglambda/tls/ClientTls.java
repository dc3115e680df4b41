package dev.pglambda.tls;

import dev.pglambda.config.Config;
import dev.pglambda.config.FileStamps;
import dev.pglambda.config.TlsMode;
import io.netty.channel.Channel;
import io.netty.channel.ChannelPipeline;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.NettyRuntime;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * TLS towards clients, by a certificate that is read again when its files change. Threads of its
 * own read them, and do the arithmetic of handshakes, which would hold up the sessions of an event
 * loop. Thread-safe.
 */
public final class ClientTls implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ClientTls.class);
  private static final long POLL_MS = 1_000;

  /**
   * Most bytes in a record. An application that polls libpq's socket can wait for ever for what
   * libpq has decrypted but not read, if a record is longer than the 8 kB for which libpq always
   * has room (fe-misc.c, pqReadData). PostgreSQL before 17 sends none.
   */
  private static final int RECORD_BYTES = 8 * 1024;

  /** How long a client may take nothing before its connection is closed without close_notify. */
  private static final long CLOSE_NOTIFY_MS = 1_000;

  private final TlsFiles files;
  private final boolean required;
  private final boolean selfSigned;
  private final TlsIdentity first;
  private final ScheduledThreadPoolExecutor threads;
  private volatile TlsFiles.Loaded loaded;

  /** Whether {@link #isBindable} is to stay as it is if it is true. */
  private volatile boolean bound;

  /** Stamps of the files that were tried last, and as they were seen last. */
  private FileStamps tried;

  private FileStamps seen;

  private ClientTls(TlsFiles files, boolean required, boolean selfSigned) throws TlsException {
    this.files = files;
    this.required = required;
    this.selfSigned = selfSigned;
    this.tried = files.stamps();
    this.seen = tried;
    this.loaded = files.load();
    this.first = loaded.identity();
    warnOfDates(first);
    this.threads =
        new ScheduledThreadPoolExecutor(
            Math.max(1, NettyRuntime.availableProcessors() / 2),
            new DefaultThreadFactory("pglambda-tls", true));
    threads.scheduleWithFixedDelay(this::poll, POLL_MS, POLL_MS, TimeUnit.MILLISECONDS);
  }

  /** What the options ask for; null: no TLS. Makes the self-signed certificate. Blocks. */
  public static @Nullable ClientTls open(Config config) throws TlsException {
    Config.Tls options = config.tls();
    Boolean asked = options.selfSigned();
    boolean selfSigned =
        options.certificate() == null && (asked == null ? config.backend() == null : asked);
    Path directory = selfSigned ? config.dataDirectory().toAbsolutePath() : null;
    TlsFiles files = TlsFiles.of(options, directory);
    if (files == null) {
      return null;
    }
    if (directory != null) {
      SelfSignedCertificate.keepIn(directory);
    }
    return new ClientTls(files, options.mode() == TlsMode.REQUIRE, selfSigned);
  }

  /** Whether sessions without TLS are to be refused. */
  public boolean isRequired() {
    return required;
  }

  /** Whether SCRAM can be bound to the certificate, which has no hash if Ed25519 has signed it. */
  public boolean isBindable() {
    return loaded.isBindable();
  }

  /**
   * From now on a certificate to which SCRAM can be bound is replaced by another such one only:
   * peers were told to insist on that.
   */
  public void keepBindable() {
    bound = true;
  }

  /**
   * Encrypts a connection from here on: what is read next is the client's first handshake message,
   * and what is written waits for the end of the handshake. Called on the channel's event loop.
   *
   * @param direct whether the client has not asked before; it must name the protocol then
   */
  public void begin(ChannelPipeline pipeline, boolean direct) {
    Channel client = pipeline.channel();
    SslHandler encryption =
        loaded.context().newHandler(client.alloc(), task -> execute(client, task));
    encryption.setHandshakeTimeoutMillis(0); // the startup's own is one for both
    encryption.setCloseNotifyFlushTimeoutMillis(CLOSE_NOTIFY_MS);
    encryption.setWrapDataSize(RECORD_BYTES);
    pipeline.addFirst(new TlsEvents(encryption, direct));
    KeyUpdateLimit.encrypt(pipeline, encryption);
  }

  /** Others do not wait for the arithmetic of a client that has gone. */
  private void execute(Channel client, Runnable task) {
    try {
      threads.execute(
          () -> {
            if (client.isOpen()) {
              task.run();
            }
          });
    } catch (RejectedExecutionException closed) {
      client.close(); // the proxy ends
    }
  }

  /**
   * Why a client cannot be this user, in PostgreSQL's words for SQLSTATE 28000: it shows no
   * certificate, or not this user's; null: it can. Not a matter of the handshake, in which nobody
   * knows whether the server itself calls.
   */
  public @Nullable String refusal(ChannelPipeline pipeline, String user) {
    SslHandler encryption = pipeline.get(SslHandler.class);
    return switch (files.clientCertificates()) {
      case OPTIONAL -> null;
      case REQUIRED ->
          files.clientCa() == null || encryption == null || CommonName.isShown(encryption)
              ? null
              : "connection requires a valid client certificate";
      case VERIFY_FULL ->
          encryption != null && user.equals(CommonName.ofPeer(encryption))
              ? null
              : "certificate authentication failed for user \"" + user + "\"";
    };
  }

  private void poll() {
    try {
      FileStamps now = files.stamps();
      boolean settled = now.equals(seen); // certificate and key are not replaced in one step
      seen = now;
      if (settled && !now.equals(tried)) {
        tried = now;
        reload();
      }
    } catch (RuntimeException e) {
      log.error("cannot look for a new TLS certificate", e);
    }
  }

  private void reload() {
    try {
      TlsFiles.Loaded read = files.load();
      if (bound && loaded.isBindable() && !read.isBindable()) {
        throw files
            .certificate()
            .unusable(
                "signed by Ed25519, so that SCRAM's channel binding has no hash of it",
                "one that RSA or ECDSA has signed, or a start with --callback-tls disable");
      }
      loaded = read;
      log.info(
          "TLS certificate read from {}, valid until {}, SHA-256 {}",
          files.certificate().path(),
          loaded.identity().leaf().getNotAfter().toInstant(),
          loaded.identity().fingerprint());
      warnOfDates(loaded.identity());
    } catch (TlsException e) {
      log.warn("the TLS certificate in use stays: {}", e.getMessage());
    }
  }

  private void warnOfDates(TlsIdentity identity) {
    Instant now = Instant.now();
    Instant begin = identity.leaf().getNotBefore().toInstant();
    Instant end = identity.leaf().getNotAfter().toInstant();
    if (now.isBefore(begin) || now.isAfter(end)) {
      log.warn(
          "the TLS certificate in {} is valid from {} to {} only",
          files.certificate().path(),
          begin,
          end);
    }
  }

  /** Lines for the user. */
  public List<String> description() {
    String mode = required ? "required" : "allowed";
    Path path = files.certificate().path();
    if (!selfSigned) {
      return List.of("%s, with the certificate in %s".formatted(mode, path));
    }
    return List.of(
        "%s, with a self-signed certificate".formatted(mode),
        "SHA-256 " + first.fingerprint(),
        "to have it verified: sslmode=verify-full sslrootcert=" + path);
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}

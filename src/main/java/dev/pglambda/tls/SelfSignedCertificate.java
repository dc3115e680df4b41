package dev.pglambda.tls;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Base64;
import java.util.LinkedHashSet;
import java.util.Set;

/**
 * A certificate that the proxy makes for itself (RFC 5280): a key on P-256, for {@code localhost},
 * its addresses and the machine's name, valid for ten years. It is no certificate authority: who
 * trusts it trusts nothing else.
 */
final class SelfSignedCertificate {
  static final String CERTIFICATE_FILE = "tls-certificate.pem";
  static final String KEY_FILE = "tls-key.pem";

  private static final Duration VALIDITY = Duration.ofDays(3650);

  /** Clocks of containers and of their hosts differ. */
  private static final Duration CLOCK_SKEW = Duration.ofDays(1);

  private static final String ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
  private static final String COMMON_NAME = "2.5.4.3";
  private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
  private static final String BASIC_CONSTRAINTS = "2.5.29.19";
  private static final int DNS_NAME = Der.CONTEXT | 2;
  private static final int IP_ADDRESS = Der.CONTEXT | 7;
  private static final int EXTENSIONS = Der.CONTEXT_CONSTRUCTED | 3;
  private static final int FIRST_GENERALIZED_YEAR = 2050;

  private SelfSignedCertificate() {}

  /** Makes certificate and key in the directory unless both are there. Blocks. */
  static void keepIn(Path directory) throws TlsException {
    Path certificate = directory.resolve(CERTIFICATE_FILE);
    Path key = directory.resolve(KEY_FILE);
    if (Files.exists(certificate) && Files.exists(key)) {
      return;
    }
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(new ECGenParameterSpec("secp256r1"));
      KeyPair pair = generator.generateKeyPair();
      byte[] made = make(pair, Instant.now());
      Files.createDirectories(directory);
      write(key, pem("PRIVATE KEY", pair.getPrivate().getEncoded()));
      write(certificate, pem("CERTIFICATE", made));
    } catch (GeneralSecurityException | IOException e) {
      throw new TlsException(
          "--data-dir " + directory,
          e.toString(),
          "a directory that can keep a certificate, or --tls-self-signed off",
          e);
    }
  }

  private static byte[] make(KeyPair pair, Instant now) throws GeneralSecurityException {
    byte[] algorithm = Der.sequence(Der.oid(ECDSA_WITH_SHA256));
    byte[] name =
        Der.sequence(
            Der.value(
                Der.SET,
                Der.sequence(
                    Der.oid(COMMON_NAME),
                    Der.value(Der.UTF8_STRING, "pg-lambda-proxy".getBytes(UTF_8)))));
    byte[] toBeSigned =
        Der.sequence(
            Der.value(Der.CONTEXT_CONSTRUCTED, Der.integer(BigInteger.TWO)), // version 3
            Der.integer(new BigInteger(127, new SecureRandom()).add(BigInteger.ONE)),
            algorithm,
            name,
            Der.sequence(time(now.minus(CLOCK_SKEW)), time(now.plus(VALIDITY))),
            name,
            pair.getPublic().getEncoded(),
            Der.value(EXTENSIONS, Der.sequence(basicConstraints(), alternativeNames())));
    Signature signature = Signature.getInstance("SHA256withECDSA");
    signature.initSign(pair.getPrivate());
    signature.update(toBeSigned);
    return Der.sequence(toBeSigned, algorithm, Der.bits(signature.sign()));
  }

  private static byte[] time(Instant instant) {
    boolean generalized = instant.atZone(ZoneOffset.UTC).getYear() >= FIRST_GENERALIZED_YEAR;
    String pattern = (generalized ? "yyyy" : "yy") + "MMddHHmmss'Z'";
    String text = DateTimeFormatter.ofPattern(pattern).withZone(ZoneOffset.UTC).format(instant);
    return Der.value(generalized ? Der.GENERALIZED_TIME : Der.UTC_TIME, text.getBytes(UTF_8));
  }

  /** Critical; not a certificate authority, which is the default and therefore not written. */
  private static byte[] basicConstraints() {
    return Der.sequence(
        Der.oid(BASIC_CONSTRAINTS),
        Der.value(Der.BOOLEAN, new byte[] {(byte) 0xff}),
        Der.value(Der.OCTET_STRING, Der.sequence()));
  }

  private static byte[] alternativeNames() {
    byte[] ipv6 = new byte[16];
    ipv6[15] = 1;
    byte[] names = {};
    for (String name : names()) {
      names = join(names, Der.value(DNS_NAME, name.getBytes(UTF_8)));
    }
    return Der.sequence(
        Der.oid(SUBJECT_ALTERNATIVE_NAME),
        Der.value(
            Der.OCTET_STRING,
            Der.sequence(
                names,
                Der.value(IP_ADDRESS, new byte[] {127, 0, 0, 1}),
                Der.value(IP_ADDRESS, ipv6))));
  }

  private static byte[] join(byte[] first, byte[] second) {
    byte[] both = new byte[first.length + second.length];
    System.arraycopy(first, 0, both, 0, first.length);
    System.arraycopy(second, 0, both, first.length, second.length);
    return both;
  }

  private static Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    names.add("localhost");
    try {
      String host = InetAddress.getLocalHost().getHostName();
      if (host.matches("[A-Za-z][A-Za-z0-9.-]{0,252}")) {
        names.add(host);
      }
    } catch (UnknownHostException e) {
      // The machine has no name.
    }
    return names;
  }

  private static String pem(String label, byte[] der) {
    String body = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
    return "-----BEGIN %1$s-----%n%2$s%n-----END %1$s-----%n".formatted(label, body);
  }

  /** For the owner only, in one step. */
  private static void write(Path file, String content) throws IOException {
    Path directory = file.toAbsolutePath().resolveSibling("");
    Path written =
        Files.createTempFile(
            directory,
            ".tls",
            "",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      Files.writeString(written, content);
      Files.move(
          written, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(written);
    }
  }
}

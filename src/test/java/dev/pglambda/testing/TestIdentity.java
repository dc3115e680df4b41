package dev.pglambda.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;

/**
 * A key and its certificate for tests (RFC 5280, section 4.1), made in a moment: elliptic curve
 * P-256, signed with SHA-256.
 */
public final class TestIdentity {
  private static final byte[] ECDSA_WITH_SHA256 = sequence(oid("2a8648ce3d040302"));
  private static final byte[] COMMON_NAME = oid("550403");
  private static final byte[] BASIC_CONSTRAINTS = oid("551d13");
  private static final byte[] SUBJECT_ALTERNATIVE_NAME = oid("551d11");
  private static final DateTimeFormatter UTC_TIME =
      DateTimeFormatter.ofPattern("yyMMddHHmmss'Z'").withZone(ZoneOffset.UTC);

  private final String name;
  private final KeyPair keys;
  private final byte[] certificate;

  private TestIdentity(String name, KeyPair keys, byte[] certificate) {
    this.name = name;
    this.keys = keys;
    this.certificate = certificate;
  }

  /** An authority, which has signed its own certificate. */
  public static TestIdentity authority(String name) {
    KeyPair keys = newKeys();
    byte[] authority = extension(BASIC_CONSTRAINTS, sequence(tlv(0x01, new byte[] {(byte) 0xff})));
    Instant now = Instant.now();
    return new TestIdentity(
        name, keys, certificate(name, keys, name, keys, now.plus(1, ChronoUnit.DAYS), authority));
  }

  /**
   * One that this authority has signed.
   *
   * @param commonName of the subject
   * @param alternatives names and IP addresses for which it holds; none: no such extension
   */
  public TestIdentity sign(String commonName, String... alternatives) {
    return sign(Instant.now().plus(1, ChronoUnit.DAYS), commonName, alternatives);
  }

  /** The same, valid until then, which may be over. */
  public TestIdentity sign(Instant end, String commonName, String... alternatives) {
    KeyPair own = newKeys();
    List<byte[]> names = new ArrayList<>();
    for (String alternative : alternatives) {
      names.add(alternativeName(alternative));
    }
    byte[] extension =
        names.isEmpty()
            ? new byte[0]
            : extension(SUBJECT_ALTERNATIVE_NAME, sequence(names.toArray(byte[][]::new)));
    return new TestIdentity(
        commonName, own, certificate(commonName, own, name, keys, end, extension));
  }

  public String certificatePem() {
    return pem("CERTIFICATE", certificate);
  }

  /** PKCS #8, not encrypted. */
  public String keyPem() {
    return pem("PRIVATE KEY", keys.getPrivate().getEncoded());
  }

  /** Writes the certificate into a file of this name. */
  public Path certificateIn(Path directory, String file) {
    return write(directory.resolve(file), certificatePem());
  }

  /** Writes the key into a file of this name. */
  public Path keyIn(Path directory, String file) {
    return write(directory.resolve(file), keyPem());
  }

  /** Arguments of a proxy that shows it, by files of these names. */
  public List<String> shownIn(Path directory, String name) {
    return List.of(
        "--tls-cert",
        certificateIn(directory, name + ".crt").toString(),
        "--tls-key",
        keyIn(directory, name + ".key").toString());
  }

  public KeyPair keys() {
    return keys;
  }

  private static Path write(Path file, String content) {
    try {
      return Files.writeString(file, content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static KeyPair newKeys() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
      generator.initialize(256);
      return generator.generateKeyPair();
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] certificate(
      String subject,
      KeyPair keys,
      String issuer,
      KeyPair issuerKeys,
      Instant end,
      byte[] extension) {
    byte[] body =
        sequence(
            tlv(0xa0, tlv(0x02, new byte[] {2})), // version 3
            tlv(0x02, BigInteger.valueOf(System.nanoTime()).toByteArray()),
            ECDSA_WITH_SHA256,
            distinguishedName(issuer),
            sequence(time(end.minus(2, ChronoUnit.DAYS)), time(end)),
            distinguishedName(subject),
            keys.getPublic().getEncoded(),
            extension.length == 0 ? extension : tlv(0xa3, sequence(extension)));
    try {
      Signature signature = Signature.getInstance("SHA256withECDSA");
      signature.initSign(issuerKeys.getPrivate());
      signature.update(body);
      return sequence(body, ECDSA_WITH_SHA256, tlv(0x03, new byte[1], signature.sign()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static byte[] distinguishedName(String commonName) {
    byte[] text = tlv(0x0c, commonName.getBytes(StandardCharsets.UTF_8));
    return sequence(tlv(0x31, sequence(COMMON_NAME, text)));
  }

  private static byte[] alternativeName(String name) {
    try {
      return name.matches("[0-9.]+|.*:.*")
          ? tlv(0x87, InetAddress.getByName(name).getAddress())
          : tlv(0x82, name.getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] extension(byte[] type, byte[] value) {
    return sequence(type, tlv(0x04, value));
  }

  private static byte[] time(Instant time) {
    return tlv(0x17, UTC_TIME.format(time).getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] oid(String hex) {
    return tlv(0x06, HexFormat.of().parseHex(hex));
  }

  private static byte[] sequence(byte[]... parts) {
    return tlv(0x30, parts);
  }

  /** Tag, length and value (X.690, section 8.1). */
  private static byte[] tlv(int tag, byte[]... parts) {
    int length = 0;
    for (byte[] part : parts) {
      length += part.length;
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(tag);
    if (length >= 0x100) {
      out.write(0x82);
      out.write(length >> 8);
    } else if (length >= 0x80) {
      out.write(0x81);
    }
    out.write(length);
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static String pem(String type, byte[] der) {
    return "-----BEGIN %s-----%n%s%n-----END %s-----%n"
        .formatted(type, Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der), type);
  }
}

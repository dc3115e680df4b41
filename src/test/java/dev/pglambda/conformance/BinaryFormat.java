package dev.pglambda.conformance;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Values in PostgreSQL's binary format, as the {@code *_send} and {@code *_recv} functions of the
 * types define it, to and from the text that PostgreSQL prints for them.
 */
final class BinaryFormat {
  private static final byte JSONB_VERSION = 1;
  private static final BigInteger NUMERIC_BASE = BigInteger.valueOf(10_000);

  private final ServerTypes types;

  BinaryFormat(ServerTypes types) {
    this.types = types;
  }

  /**
   * The text of a binary value; if it is of a type that is not known here, a text that says so and
   * that no case expects.
   */
  String decode(int oid, ByteBuffer value) throws IOException {
    ByteBuffer in = value.duplicate();
    ServerTypes.Type type = types.type(oid);
    if (type.kind() == 'c') {
      return decodeComposite(in);
    }
    if (type.kind() == 'd') {
      return decode(type.element(), in);
    }
    if (type.isArray()) {
      return decodeArray(in);
    }
    return switch (type.kind() == 'e' ? "text" : type.name()) {
      case "bool" -> in.get() == 0 ? "f" : "t";
      case "bytea" -> "\\x" + HexFormat.of().formatHex(bytes(in));
      case "char" -> Character.toString(in.get());
      case "int2" -> Short.toString(in.getShort());
      case "int4" -> Integer.toString(in.getInt());
      case "int8" -> Long.toString(in.getLong());
      case "oid" -> Integer.toUnsignedString(in.getInt());
      case "uuid" -> new UUID(in.getLong(), in.getLong()).toString();
      case "numeric" -> decodeNumeric(in);
      case "jsonb" -> decodeJsonb(in);
      case "record" -> decodeComposite(in);
      case "text", "varchar", "bpchar", "name", "json", "xml", "cstring", "unknown", "void" ->
          text(in);
      default ->
          "(the runner cannot read a binary %s: cast it, or say results: text)"
              .formatted(type.name());
    };
  }

  private String decodeComposite(ByteBuffer in) throws IOException {
    List<@Nullable String> fields = new ArrayList<>();
    for (int left = in.getInt(); left > 0; left--) {
      int oid = in.getInt();
      fields.add(decodeNext(oid, in));
    }
    return NestedLiteral.composite(fields);
  }

  private String decodeArray(ByteBuffer in) throws IOException {
    int dimensions = in.getInt();
    in.getInt(); // whether there are NULLs
    int oid = in.getInt();
    if (dimensions > 1) {
      throw new AssertionError("an array with " + dimensions + " dimensions (expected: 1)");
    }
    List<@Nullable String> elements = new ArrayList<>();
    if (dimensions == 1) {
      int length = in.getInt();
      in.getInt(); // lower bound
      for (int left = length; left > 0; left--) {
        elements.add(decodeNext(oid, in));
      }
    }
    return NestedLiteral.array(elements);
  }

  private @Nullable String decodeNext(int oid, ByteBuffer in) throws IOException {
    int length = in.getInt();
    if (length < 0) {
      return null;
    }
    ByteBuffer value = in.slice(in.position(), length);
    in.position(in.position() + length);
    return decode(oid, value);
  }

  private static String decodeNumeric(ByteBuffer in) {
    int digits = in.getShort();
    int weight = in.getShort();
    int sign = in.getShort();
    int scale = in.getShort();
    if (sign != 0 && sign != 0x4000) {
      throw new AssertionError("a numeric that is not finite (expected: a number)");
    }
    BigInteger unscaled = BigInteger.ZERO;
    for (int i = 0; i < digits; i++) {
      unscaled = unscaled.multiply(NUMERIC_BASE).add(BigInteger.valueOf(in.getShort()));
    }
    BigDecimal number = new BigDecimal(unscaled).scaleByPowerOfTen(4 * (weight - digits + 1));
    return (sign == 0 ? number : number.negate()).setScale(scale).toPlainString();
  }

  private static String decodeJsonb(ByteBuffer in) {
    byte version = in.get();
    if (version != JSONB_VERSION) {
      throw new AssertionError("jsonb of version " + version + " (expected: 1)");
    }
    return text(in);
  }

  private static byte[] bytes(ByteBuffer in) {
    byte[] bytes = new byte[in.remaining()];
    in.get(bytes);
    return bytes;
  }

  private static String text(ByteBuffer in) {
    return UTF_8.decode(in).toString();
  }

  /**
   * A value in binary format.
   *
   * @return null if the type is not known here, or the text is not one of its values: send it as
   *     text
   */
  byte @Nullable [] encode(int oid, String text) throws IOException {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    try {
      return encode(oid, text, new DataOutputStream(body)) ? body.toByteArray() : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }

  private boolean encode(int oid, String text, DataOutputStream out) throws IOException {
    ServerTypes.Type type = types.type(oid);
    if (type.kind() == 'c') {
      return encodeComposite(type, NestedLiteral.fields(text), out);
    }
    if (type.isArray()) {
      return encodeArray(type, NestedLiteral.elements(text), out);
    }
    switch (type.name()) {
      case "bool" -> out.writeBoolean(bool(text));
      case "int2" -> out.writeShort(Short.parseShort(text));
      case "int4" -> out.writeInt(Integer.parseInt(text));
      case "int8" -> out.writeLong(Long.parseLong(text));
      case "uuid" -> {
        out.writeLong(UUID.fromString(text).getMostSignificantBits());
        out.writeLong(UUID.fromString(text).getLeastSignificantBits());
      }
      case "jsonb" -> {
        out.writeByte(JSONB_VERSION);
        out.write(text.getBytes(UTF_8));
      }
      case "text", "varchar", "json" -> out.write(text.getBytes(UTF_8));
      default -> {
        return false;
      }
    }
    return true;
  }

  private static boolean bool(String text) {
    return switch (text) {
      case "t", "true" -> true;
      case "f", "false" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private boolean encodeComposite(
      ServerTypes.Type type, List<? extends @Nullable String> fields, DataOutputStream out)
      throws IOException {
    if (fields.size() != type.attributes().size()) {
      return false;
    }
    out.writeInt(fields.size());
    for (int i = 0; i < fields.size(); i++) {
      out.writeInt(type.attributes().get(i));
      if (!encodeNext(type.attributes().get(i), fields.get(i), out)) {
        return false;
      }
    }
    return true;
  }

  private boolean encodeArray(
      ServerTypes.Type type, List<? extends @Nullable String> elements, DataOutputStream out)
      throws IOException {
    out.writeInt(elements.isEmpty() ? 0 : 1);
    out.writeInt(elements.contains(null) ? 1 : 0);
    out.writeInt(type.element());
    if (!elements.isEmpty()) {
      out.writeInt(elements.size());
      out.writeInt(1);
    }
    for (String element : elements) {
      if (!encodeNext(type.element(), element, out)) {
        return false;
      }
    }
    return true;
  }

  private boolean encodeNext(int oid, @Nullable String text, DataOutputStream out)
      throws IOException {
    if (text == null) {
      out.writeInt(-1);
      return true;
    }
    byte[] value = encode(oid, text);
    if (value == null) {
      return false;
    }
    out.writeInt(value.length);
    out.write(value);
    return true;
  }
}

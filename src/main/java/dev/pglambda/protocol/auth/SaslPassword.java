package dev.pglambda.protocol.auth;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.ongres.saslprep.SASLprep;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;

/** A password in the form that SCRAM compares (RFC 4013, SASLprep). */
final class SaslPassword {
  private static final int MOST_BYTES_OF_A_CHAR = 3;

  private SaslPassword() {}

  /**
   * As PostgreSQL and libpq do (src/common/saslprep.c): what is not UTF-8, or has characters that
   * are prohibited, is taken as it is. The bytes given are wiped unless they are the answer.
   */
  static byte[] prepare(byte[] password) {
    char[] prepared = null;
    try {
      CharBuffer text = UTF_8.newDecoder().decode(ByteBuffer.wrap(password));
      char[] typed = Arrays.copyOf(text.array(), text.length());
      Arrays.fill(text.array(), '\0');
      prepared = new SASLprep().prepareStored(typed);
    } catch (CharacterCodingException | IllegalArgumentException asItIs) {
      return password;
    }
    ByteBuffer bytes = ByteBuffer.allocate(MOST_BYTES_OF_A_CHAR * prepared.length);
    UTF_8.newEncoder().encode(CharBuffer.wrap(prepared), bytes, true);
    Arrays.fill(prepared, '\0');
    byte[] result = Arrays.copyOf(bytes.array(), bytes.position());
    Arrays.fill(bytes.array(), (byte) 0);
    Arrays.fill(password, (byte) 0);
    return result;
  }
}

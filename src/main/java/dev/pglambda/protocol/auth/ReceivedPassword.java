package dev.pglambda.protocol.auth;

import dev.pglambda.protocol.ProtocolViolation;
import dev.pglambda.protocol.SqlError;
import dev.pglambda.protocol.SqlState;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;

/** What a client sends when it is asked for its password (auth.c, recv_password_packet). */
public final class ReceivedPassword {
  /** The answer to one of no bytes. */
  public static final SqlError EMPTY =
      new SqlError(SqlState.INVALID_PASSWORD, "empty password returned by client");

  private ReceivedPassword() {}

  /**
   * Takes the password out of the body of a PasswordMessage, and wipes it there.
   *
   * @return the password, to be wiped; it can be empty
   * @throws ProtocolViolation if it does not end with the one zero of the body
   */
  public static byte[] take(ByteBuf buffer, int body, int length) throws ProtocolViolation {
    int end = body + length - 1;
    boolean wellFormed = length > 0 && buffer.indexOf(body, body + length, (byte) 0) == end;
    byte[] password = wellFormed ? ByteBufUtil.getBytes(buffer, body, length - 1) : new byte[0];
    buffer.setZero(body, length);
    if (!wellFormed) {
      throw new ProtocolViolation("invalid password packet size");
    }
    return password;
  }
}

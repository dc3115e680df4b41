package dev.pglambda.client.access;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;

/** A port to which no call may be sent. */
final class Trap implements AutoCloseable {
  private final ServerSocket socket;

  private Trap(ServerSocket socket) {
    this.socket = socket;
  }

  static Trap open() throws IOException {
    ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
    socket.setSoTimeout(50);
    return new Trap(socket);
  }

  int port() {
    return socket.getLocalPort();
  }

  /** A forged {@code pglambda.callback} that names this port. */
  String callbackParameter() {
    return "127.0.0.1|%d|session|%s".formatted(port(), "0".repeat(64));
  }

  void assertNobodyCame() {
    assertThatThrownBy(socket::accept).isInstanceOf(SocketTimeoutException.class);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}

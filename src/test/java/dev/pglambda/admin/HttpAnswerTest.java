package dev.pglambda.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.stream.ChunkedWriteHandler;
import org.junit.jupiter.api.Test;

class HttpAnswerTest {
  @Test
  void isWrittenInPiecesOfWhichEachIsProgress() {
    EmbeddedChannel channel = new EmbeddedChannel(new ChunkedWriteHandler());
    byte[] body = new byte[10 * HttpAnswer.PIECE_BYTES + 1];

    HttpAnswer.of(HttpResponseStatus.OK, HttpAnswer.JSON_TYPE, body)
        .send(channel, new DefaultHttpRequest(HttpVersion.HTTP_1_1, HttpMethod.GET, "/"));

    HttpResponse head = channel.readOutbound();
    assertThat(HttpUtil.getContentLength(head)).isEqualTo(body.length);
    int sent = 0;
    for (HttpContent piece = channel.readOutbound();
        piece != null;
        piece = channel.readOutbound()) {
      assertThat(piece.content().readableBytes()).isLessThanOrEqualTo(HttpAnswer.PIECE_BYTES);
      sent += piece.content().readableBytes();
      piece.release();
    }
    assertThat(sent).isEqualTo(body.length);
  }
}

package dev.pglambda.admin;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.pglambda.admin.AdminStage.Setup;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.UnpooledByteBufAllocator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class InvocationPagesTest {
  private static final int MOST_BYTES = 1 << 20;
  private static final String LARGE = "x".repeat(400 * 1024);

  private final AnswerMemory memory = new AnswerMemory(MOST_BYTES);
  private AdminStage stage;

  @BeforeEach
  void start() throws Exception {
    stage = new AdminStage(Setup.DEFAULT);
  }

  @AfterEach
  void close() throws Exception {
    stage.close();
  }

  private static String read(InvocationPages pages) {
    ByteBuf piece = pages.readChunk(UnpooledByteBufAllocator.DEFAULT);
    assertThat(piece).isNotNull();
    String text = piece.toString(UTF_8);
    piece.release();
    return text;
  }

  /** The calls of a list that begins with a text. */
  private static List<Long> ids(String begin, InvocationPages pages) throws Exception {
    StringBuilder text = new StringBuilder(begin);
    while (!pages.isEndOfInput()) {
      text.append(read(pages));
    }
    return new ObjectMapper()
        .readTree(text.toString()).get("invocations").findValues("id").stream()
            .map(JsonNode::asLong)
            .toList();
  }

  @Test
  void leavesOutCallsThatAreForgottenBeforeTheirTurn() throws Exception {
    stage.call("small", "{}");
    stage.call("large", LARGE);
    InvocationPages pages = new InvocationPages(stage.journal, List.of(2L, 1L), false, memory);
    assertThat(pages.makePart()).isTrue();
    String begin = read(pages);

    stage.journal.clear();

    assertThat(ids(begin, pages)).containsExactly(2L);
  }

  @Test
  void endsAtACallThatThereIsNoMemoryForBehindOthers() throws Exception {
    stage.call("large", LARGE);
    stage.call("small", "x".repeat(80 * 1024));
    InvocationPages pages = new InvocationPages(stage.journal, List.of(2L, 1L), false, memory);
    assertThat(memory.hold(MOST_BYTES)).isTrue();
    assertThat(pages.makePart()).isTrue();

    assertThat(ids("", pages)).containsExactly(2L);
  }

  @Test
  void isNotBegunWhereThereIsNoMemoryForItsFirstCallUntilAnotherIsSent() throws Exception {
    stage.call("large", LARGE);
    stage.call("large", LARGE);
    stage.call("large", LARGE);
    InvocationPages first = pages(1);
    InvocationPages second = pages(2);
    assertThat(first.makePart()).isTrue();
    assertThat(second.makePart()).isTrue();

    assertThat(pages(3).makePart()).isFalse();
    assertThat(ids("", first)).containsExactly(1L);
    first.close();

    assertThat(pages(3).makePart()).isTrue();
  }

  private InvocationPages pages(long id) {
    return new InvocationPages(stage.journal, List.of(id), false, memory);
  }
}

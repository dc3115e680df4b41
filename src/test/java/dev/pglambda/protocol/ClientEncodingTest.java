package dev.pglambda.protocol;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.Unpooled;
import java.nio.charset.Charset;
import java.nio.charset.CharsetEncoder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Compares with Java's encodings, which are the same but for a few characters. */
class ClientEncodingTest {

  @ParameterizedTest
  @CsvSource({
    "UTF8, UTF-8, 63000",
    "LATIN1, ISO-8859-1, 256",
    "SJIS, Shift_JIS, 6800",
    "SHIFT_JIS_2004, x-SJIS_0213, 6800",
    "EUC_JP, EUC-JP, 12000",
    "EUC_KR, EUC-KR, 8000",
    "EUC_CN, GB2312, 7000",
    "EUC_TW, x-EUC-TW, 24000",
    "BIG5, Big5, 13000",
    "GBK, GBK, 21000",
    "UHC, x-windows-949, 17000",
    "GB18030, GB18030, 63000"
  })
  void knowsWhereEachCharacterEnds(String name, String charset, int known) {
    ClientEncoding encoding = ClientEncoding.named(name);
    CharsetEncoder encoder = Charset.forName(charset).newEncoder();
    int characters = 0;
    StringBuilder all = new StringBuilder();
    for (char c = 0; c < Character.MAX_VALUE; c++) {
      if (!Character.isSurrogate(c) && encoder.canEncode(c)) {
        String bytes = new String(String.valueOf(c).getBytes(Charset.forName(charset)), ISO_8859_1);
        assertThat(encoding.characters(bytes, 0, bytes.length())).as(bytes).isEqualTo(1);
        assertThat(encoding.offset(bytes + "a", 1)).as(bytes).isEqualTo(bytes.length());
        checkAscii(encoding, c, bytes);
        all.append(bytes);
        characters++;
      }
    }
    String text = all.toString();
    assertThat(characters).isGreaterThanOrEqualTo(known);
    assertThat(encoding.characters(text, 0, text.length())).isEqualTo(characters);
    assertThat(encoding.offset(text, characters)).isEqualTo(text.length());
    assertThat(ClientEncoding.restored(read(encoding, text))).isEqualTo(text);
  }

  /** Only an ASCII character is read as one. */
  private static void checkAscii(ClientEncoding encoding, char c, String bytes) {
    String read = read(encoding, bytes);
    assertThat(read).hasSameSizeAs(bytes);
    if (bytes.length() == 1) {
      assertThat(read).isEqualTo(bytes);
    } else {
      assertThat(read.chars()).as(bytes).allMatch(each -> each > 127);
      assertThat(c).isGreaterThan((char) 127);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"SJIS", "BIG5", "GBK", "UHC", "JOHAB", "GB18030", "UTF8", "EUC_TW"})
  void readsTextThatEndsWithinACharacter(String name) {
    ClientEncoding encoding = ClientEncoding.named(name);

    assertThat(read(encoding, "a\u0083")).isEqualTo("a\u0083");
    assertThat(encoding.characters("a\u0083", 0, 2)).isEqualTo(2);
    assertThat(encoding.offset("a\u0083", 2)).isEqualTo(2);
    assertThat(encoding.offset("a", 3)).isEqualTo(3);
  }

  @Test
  void takesAnEncodingThatItDoesNotKnowForOneOfSingleBytes() {
    assertThat(ClientEncoding.named("WIN1252")).isEqualTo(ClientEncoding.SINGLE_BYTE);
    assertThat(ClientEncoding.named("other")).isEqualTo(ClientEncoding.SINGLE_BYTE);
  }

  private static String read(ClientEncoding encoding, String bytes) {
    return encoding.read(Unpooled.copiedBuffer("." + bytes, ISO_8859_1), 1, bytes.length());
  }
}

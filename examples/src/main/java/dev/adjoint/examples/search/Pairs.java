package dev.adjoint.examples.search;

import dev.adjoint.nn.sequence.WordPiece;
import dev.adjoint.nn.sequence.WordPiece.Tokens;
import dev.adjoint.tensor.IntTensor;
import dev.adjoint.training.data.Batch;
import dev.adjoint.training.data.Dataset;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Sentences, and the signatures of the methods that they are about. */
public final class Pairs implements Dataset<Tokens, Tokens> {

  /** How many pairs are compared: each signature is wrong for all other sentences. */
  public static final int BATCH = 64;

  /** The ends of the longest texts are left out, or all others would be padded to them. */
  private static final int LONGEST = 32;

  /** Batches have lengths of this many pieces more or less, so that they share their memory. */
  private static final int STEP = 8;

  private final WordPiece tokenizer;
  private final List<int[]> sentences = new ArrayList<>();
  private final List<int[]> signatures = new ArrayList<>();

  /** Encodes the texts of methods. */
  public Pairs(WordPiece tokenizer, List<ApiMethod> methods) {
    this.tokenizer = tokenizer;
    for (ApiMethod method : methods) {
      sentences.add(tokenizer.encode(method.sentence(), LONGEST));
      signatures.add(tokenizer.encode(method.words(), LONGEST));
    }
  }

  @Override
  public int size() {
    return sentences.size();
  }

  @Override
  public Batch<Tokens, Tokens> batch(IntTensor numbers) {
    Function<List<int[]>, Tokens> chosen =
        all -> tokenizer.pad(IntStream.of(numbers.toArray()).mapToObj(all::get).toList(), STEP);
    return new Batch<>(chosen.apply(sentences), chosen.apply(signatures), numbers.size());
  }
}

package dev.adjoint.examples.search.lib;

import dev.adjoint.examples.search.Libraries.WordSearch;
import java.io.IOException;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.document.Document;
import org.apache.lucene.document.Field;
import org.apache.lucene.document.TextField;
import org.apache.lucene.index.DirectoryReader;
import org.apache.lucene.index.IndexWriter;
import org.apache.lucene.index.IndexWriterConfig;
import org.apache.lucene.search.IndexSearcher;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.search.similarities.BM25Similarity;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.QueryBuilder;

/** BM25 over the stems of English words, Lucene's defaults. */
final class LuceneSearch implements WordSearch {

  /** Held, or its level would be forgotten: it tells which vectors it uses, and nothing else. */
  private static final Logger LOGGER = Logger.getLogger("org.apache.lucene");

  private static final String TEXT = "text";

  private final Analyzer analyzer = new EnglishAnalyzer();
  private final IndexSearcher searcher;

  LuceneSearch(List<String> documents) throws IOException {
    LOGGER.setLevel(Level.WARNING);
    ByteBuffersDirectory directory = new ByteBuffersDirectory();
    try (IndexWriter writer = new IndexWriter(directory, new IndexWriterConfig(analyzer))) {
      for (String text : documents) {
        Document document = new Document();
        document.add(new TextField(TEXT, text, Field.Store.NO));
        writer.addDocument(document);
      }
      writer.forceMerge(1); // then documents have the numbers in which they were added
    }
    searcher = new IndexSearcher(DirectoryReader.open(directory));
    searcher.setSimilarity(new BM25Similarity());
  }

  @Override
  public int[] best(String query, int most) throws IOException {
    var parsed = new QueryBuilder(analyzer).createBooleanQuery(TEXT, query);
    if (parsed == null) {
      return new int[0]; // of nothing but stop words
    }
    ScoreDoc[] found = searcher.search(parsed, most).scoreDocs;
    int[] numbers = new int[found.length];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = found[i].doc;
    }
    return numbers;
  }
}

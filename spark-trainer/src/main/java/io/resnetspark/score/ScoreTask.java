package io.resnetspark.score;

import io.resnetspark.model.graph.NetworkGraph;
import io.resnetspark.score.ImagePartition.KeyedImage;
import io.resnetspark.score.ImageScorer.Score;
import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Scores one part: a file of scores, which appears whole, and before it a file of what could not be scored. A task that
 * is done again writes the same.
 *
 * @param output where the files go
 */
record ScoreTask(ExecutorNetworks.NetworkFactory factory, FloatBlock parameters, ImageScorer scorer, String output)
        implements Serializable {
    /** Images of a part. */
    record Counts(long scored, long quarantined) implements Serializable {
        Counts plus(Counts other) {
            return new Counts(scored + other.scored, quarantined + other.quarantined);
        }
    }

    static Path scores(Path output, int part) {
        return new Path(output, String.format("part-%05d.parquet", part));
    }

    static Path quarantined(Path output, int part) {
        return new Path(new Path(output, "_quarantine"), String.format("part-%05d.parquet", part));
    }

    Counts run(int number, ImagePartition part, Configuration conf) throws IOException {
        return ExecutorNetworks.holding(factory, parameters, network -> run(number, part, network.graph(), conf));
    }

    private Counts run(int number, ImagePartition part, NetworkGraph graph, Configuration conf) throws IOException {
        Path to = new Path(output);
        FileSystem files = AtomicDirectory.fileSystem(to, conf);
        Path draft = new Path(to, "_temporary/" + number + "-" + UUID.randomUUID());
        long scored = 0;
        List<Score> bad = new ArrayList<>();
        try {
            try (ScoreTable table = ScoreTable.ofScores(new Path(draft, "scores"), scorer.features(), conf)) {
                Iterator<KeyedImage> images = part.read(conf);
                while (images.hasNext()) {
                    for (Score score : scorer.score(graph, next(images, scorer.perPass()))) {
                        if (score.isScored()) {
                            table.add(score);
                            scored++;
                        } else {
                            bad.add(score);
                        }
                    }
                }
            }
            if (!bad.isEmpty()) {
                try (ScoreTable table = ScoreTable.ofQuarantined(new Path(draft, "quarantined"), conf)) {
                    for (Score one : bad) {
                        table.addQuarantined(one.key(), one.problem());
                    }
                }
                move(files, new Path(draft, "quarantined"), quarantined(to, number));
            }
            move(files, new Path(draft, "scores"), scores(to, number));
            return new Counts(scored, bad.size());
        } finally {
            files.delete(draft, true);
        }
    }

    /** Another attempt may have been first; its file is the same. */
    private static void move(FileSystem files, Path from, Path to) throws IOException {
        files.mkdirs(to.getParent());
        if (!files.exists(to) && !files.rename(from, to) && !files.exists(to)) {
            throw new IOException(from + " could not be renamed to " + to);
        }
    }

    private static List<KeyedImage> next(Iterator<KeyedImage> images, int count) {
        List<KeyedImage> next = new ArrayList<>();
        while (next.size() < count && images.hasNext()) {
            next.add(images.next());
        }
        return next;
    }
}

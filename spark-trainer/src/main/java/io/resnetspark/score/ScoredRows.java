package io.resnetspark.score;

import io.resnetspark.score.ImagePartition.KeyedImage;
import io.resnetspark.score.ImageScorer.Score;
import io.resnetspark.train.worker.ExecutorNetworks;
import io.resnetspark.train.worker.FloatBlock;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Queue;
import org.apache.commons.lang3.ArrayUtils;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/** Rows with their scores, of a few images at a time: a partition never lies in memory. */
final class ScoredRows implements Iterator<Row> {
    private final Iterator<Row> rows;
    private final int column;
    private final ExecutorNetworks.NetworkFactory factory;
    private final FloatBlock parameters;
    private final ImageScorer scorer;
    private final Queue<Row> ready = new ArrayDeque<>();

    /** @param column number of the one with encoded images */
    ScoredRows(
            Iterator<Row> rows,
            int column,
            ExecutorNetworks.NetworkFactory factory,
            FloatBlock parameters,
            ImageScorer scorer) {
        this.rows = rows;
        this.column = column;
        this.factory = factory;
        this.parameters = parameters;
        this.scorer = scorer;
    }

    @Override
    public boolean hasNext() {
        return !ready.isEmpty() || rows.hasNext();
    }

    @Override
    public Row next() {
        if (ready.isEmpty()) {
            if (!rows.hasNext()) {
                throw new NoSuchElementException();
            }
            score();
        }
        return ready.remove();
    }

    private void score() {
        List<Row> some = new ArrayList<>();
        List<KeyedImage> images = new ArrayList<>();
        while (some.size() < scorer.perPass() && rows.hasNext()) {
            Row row = rows.next();
            some.add(row);
            images.add(
                    row.isNullAt(column)
                            ? KeyedImage.missing("", "its column is null")
                            : KeyedImage.of("", row.<byte[]>getAs(column)));
        }
        try {
            List<Score> scores =
                    ExecutorNetworks.holding(factory, parameters, network -> scorer.score(network.graph(), images));
            for (int i = 0; i < scores.size(); i++) {
                ready.add(joined(some.get(i), scores.get(i)));
            }
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private Row joined(Row row, Score score) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < row.length(); i++) {
            values.add(row.get(i));
        }
        boolean scored = score.isScored();
        values.add(scored ? score.classes().get(0) : null);
        values.add(scored ? score.probabilities()[0] : null);
        values.add(scored ? score.classes().toArray() : null);
        values.add(scored ? ArrayUtils.toObject(score.probabilities()) : null);
        if (scorer.features()) {
            values.add(scored ? ArrayUtils.toObject(score.features()) : null);
        }
        values.add(score.problem());
        return RowFactory.create(values.toArray());
    }
}

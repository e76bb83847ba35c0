package io.resnetspark.train.averaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.StatisticsLayout;
import io.resnetspark.train.worker.StatisticsLayout.Run;
import io.resnetspark.train.worker.WorkerReport;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class TestPieces {
    private static Piece piece(int worker, long examples, double[] moments, float... values) {
        WorkerReport report = new WorkerReport(worker, examples, 1, 1, 0.1, 0, 0, moments);
        return new Piece(report, FloatBlock.of(values));
    }

    private static float[] mean(List<Piece> pieces) {
        float[] mean = new float[pieces.get(0).values().length()];
        new Pieces(pieces).mean(mean, 0);
        return mean;
    }

    @Test
    void weighsByExamples() {
        List<Piece> pieces = List.of(piece(0, 30, new double[0], 1, 10), piece(1, 15, new double[0], 4, 40));
        assertThat(mean(pieces)).containsExactly(2, 20);
    }

    @Test
    void addsUpInTheOrderOfTheWorkers() {
        Random random = new Random(1);
        List<Piece> pieces = new ArrayList<>();
        for (int worker = 0; worker < 9; worker++) {
            pieces.add(
                    piece(worker, 1 + worker, new double[0], (float) random.nextGaussian() * 1e6f, random.nextFloat()));
        }
        float[] expected = mean(pieces);
        for (int i = 0; i < 20; i++) {
            Collections.shuffle(pieces, random);
            assertThat(mean(pieces)).isEqualTo(expected);
        }
    }

    /** Mean and variance of several parts, averaged, are those of the whole. */
    @Test
    void averagesStatisticsAsMoments() {
        StatisticsLayout layout = new StatisticsLayout(List.of(new Run(1, 2, 1)));
        Random random = new Random(1);
        int[] sizes = {10, 35, 5};
        List<Piece> pieces = new ArrayList<>();
        double total = 0;
        double squares = 0;
        for (int size : sizes) {
            double mean = 0;
            double square = 0;
            double shift = random.nextDouble() * 10;
            for (int i = 0; i < size; i++) {
                double x = shift + random.nextGaussian();
                mean += x / size;
                square += x * x / size;
            }
            total += mean * size / 50;
            squares += square * size / 50;
            double[] moments = layout.moments(3, (float) mean, (float) (square - mean * mean));
            pieces.add(piece(pieces.size(), size, moments));
        }
        float[] averaged = {3, 0, 0};
        layout.assign(averaged, new Pieces(pieces).meanMoments());
        assertThat(averaged[0]).isEqualTo(3);
        assertThat(averaged[1]).isCloseTo((float) total, within(1e-5f));
        assertThat(averaged[2]).isCloseTo((float) (squares - total * total), within(1e-4f));
    }

    @Test
    void oneWorkersStatisticsStayWhatTheyAre() {
        StatisticsLayout layout = new StatisticsLayout(List.of(new Run(0, 1, 1)));
        float[] parameters = {123.456f, 0.0123f, -7.7f};
        float[] averaged = {0, 0, -7.7f};
        layout.assign(averaged, new Pieces(List.of(piece(0, 37, layout.moments(parameters)))).meanMoments());
        assertThat(averaged).containsExactly(parameters, within(1e-9f));
    }
}

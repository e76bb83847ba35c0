package io.resnetspark.cli;

import io.resnetspark.common.Progress;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.Charset;
import java.text.DecimalFormat;
import java.time.Duration;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress on stderr: a bar on a terminal, a line every ten seconds elsewhere. */
final class ConsoleProgress implements Progress {
    /** scripts/resnet says whether stderr is a terminal; Java itself cannot tell. */
    static final boolean TERMINAL = Boolean.getBoolean("resnet.terminal");

    private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

    private final PrintStream out;

    ConsoleProgress(PrintStream out) {
        this.out = new PrintStream(new UntilStopped(out), true, Charset.defaultCharset());
    }

    /** A process that ends has one more sentence to say, and it is not ours. */
    private static final class UntilStopped extends FilterOutputStream {
        UntilStopped(OutputStream out) {
            super(out);
        }

        @Override
        public void write(byte[] bytes, int from, int length) throws IOException {
            if (!ShutdownMessage.isUnderWay()) {
                out.write(bytes, from, length);
            }
        }

        @Override
        public void write(int one) throws IOException {
            write(new byte[] {(byte) one}, 0, 1);
        }
    }

    @Override
    public Step begin(String what, String unit, long total) {
        return TERMINAL ? new Bar(what, unit, total) : new Lines(what, unit, total);
    }

    @Override
    public void say(String sentence) {
        out.println(sentence);
    }

    private final class Bar implements Step {
        private final ProgressBar bar;

        Bar(String what, String unit, long total) {
            bar = new ProgressBarBuilder()
                    .setTaskName(String.format("%-12s", what))
                    .setInitialMax(total)
                    .setUnit(" " + unit, 1)
                    .setStyle(ProgressBarStyle.ASCII)
                    .showSpeed(new DecimalFormat("#,##0.##"))
                    .setConsumer(new ConsoleProgressBarConsumer(out))
                    .build();
        }

        @Override
        public void reached(long done, String note) {
            bar.setExtraMessage(" " + note);
            bar.stepTo(done);
        }

        @Override
        public void moved(long done) {
            bar.stepTo(done);
        }

        @Override
        public void close() {
            bar.close();
        }
    }

    private final class Lines implements Step {
        private final String what;
        private final String unit;
        private final long total;
        private final long start = System.nanoTime();
        private long lastLine = start;
        private long done;
        private long shown = -1;
        private String note = "";

        Lines(String what, String unit, long total) {
            this.what = what;
            this.unit = unit;
            this.total = total;
        }

        @Override
        public synchronized void reached(long now, String word) {
            done = now;
            note = word;
            if (System.nanoTime() - lastLine >= BETWEEN_LINES.toNanos()) {
                lastLine = System.nanoTime();
                line();
            }
        }

        @Override
        public synchronized void moved(long now) {
            reached(now, note);
        }

        @Override
        public synchronized void close() {
            if (shown < done || done == 0) {
                line();
            }
        }

        private void line() {
            shown = done;
            double seconds = (System.nanoTime() - start) / 1e9;
            double rate = done / seconds;
            String left = done < total && done > 0 ? String.format(", %.0f s left", (total - done) / rate) : "";
            out.printf(
                    "%s: %,d of %,d %s in %.0f s, %s %s/s%s%s%n",
                    what,
                    done,
                    total,
                    unit,
                    seconds,
                    SpeedFormat.of(rate),
                    unit,
                    left,
                    note.isEmpty() ? "" : ", " + note);
        }
    }
}

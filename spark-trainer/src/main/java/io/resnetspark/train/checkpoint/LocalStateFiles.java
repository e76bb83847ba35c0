package io.resnetspark.train.checkpoint;

import io.resnetspark.storage.AtomicDirectory;
import io.resnetspark.storage.LittleEndianFloats;
import io.resnetspark.train.worker.FloatBlock;
import io.resnetspark.train.worker.WorkerLocalState;
import io.resnetspark.train.worker.WorkerReport;
import io.resnetspark.train.worker.WorkerUpdate;
import java.io.IOException;
import java.io.InputStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** What a worker keeps for itself, in a checkpoint: {@code worker-N-*.f32}, little-endian floats. */
final class LocalStateFiles {
    private static final String VELOCITY = "velocity.f32";
    private static final String RESIDUAL = "residual.f32";
    private static final String UPDATED_PARAMETERS = "update-parameters.f32";
    private static final String UPDATED_VELOCITY = "update-velocity.f32";
    private static final String UPDATED_STATISTICS = "update-statistics.f32";
    private static final String BEGUN_PARAMETERS = "begun-parameters.f32";
    private static final String BEGUN_VELOCITY = "begun-velocity.f32";

    private LocalStateFiles() {}

    /**
     * Writes one.
     *
     * @return examples of its update that is still to be averaged; 0 if there is none
     */
    static long write(AtomicDirectory draft, int worker, WorkerLocalState state) throws IOException {
        write(draft, worker, VELOCITY, state.velocity());
        write(draft, worker, RESIDUAL, state.residual());
        WorkerUpdate sent = state.sent();
        if (state.hasSent()) {
            write(draft, worker, UPDATED_PARAMETERS, sent.parameters());
            write(draft, worker, UPDATED_VELOCITY, sent.velocity());
            write(draft, worker, UPDATED_STATISTICS, sent.statistics());
            write(draft, worker, BEGUN_PARAMETERS, state.begun().parameters());
            write(draft, worker, BEGUN_VELOCITY, state.begun().velocity());
        }
        return sent.report().examples();
    }

    private static void write(AtomicDirectory draft, int worker, String name, FloatBlock floats) throws IOException {
        draft.write(file(worker, name), LittleEndianFloats.bytes(floats.array()));
    }

    /** @param examples of its update, as {@link #write} told */
    static WorkerLocalState read(Path checkpoint, int worker, long examples, Configuration conf) throws IOException {
        FloatBlock velocity = read(checkpoint, worker, VELOCITY, conf);
        FloatBlock residual = read(checkpoint, worker, RESIDUAL, conf);
        if (examples == 0) {
            return new WorkerLocalState(velocity, residual);
        }
        WorkerUpdate sent = new WorkerUpdate(
                WorkerReport.of(worker, examples),
                read(checkpoint, worker, UPDATED_PARAMETERS, conf),
                read(checkpoint, worker, UPDATED_VELOCITY, conf),
                read(checkpoint, worker, UPDATED_STATISTICS, conf));
        WorkerLocalState.Begun begun = new WorkerLocalState.Begun(
                read(checkpoint, worker, BEGUN_PARAMETERS, conf), read(checkpoint, worker, BEGUN_VELOCITY, conf));
        return new WorkerLocalState(velocity, residual, sent, begun);
    }

    private static FloatBlock read(Path checkpoint, int worker, String name, Configuration conf) throws IOException {
        Path file = new Path(checkpoint, file(worker, name));
        try (InputStream in = file.getFileSystem(conf).open(file)) {
            return FloatBlock.of(LittleEndianFloats.of(in.readAllBytes()));
        }
    }

    private static String file(int worker, String name) {
        return "worker-" + worker + "-" + name;
    }
}

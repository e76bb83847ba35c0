package io.resnetspark.train.artifact;

import io.resnetspark.model.kernel.Kernels;
import java.time.Instant;

/**
 * Where a model comes from.
 *
 * @param created when training ended (ISO 8601)
 * @param dataset where the data lay
 * @param datasetDigest SHA-256 of its dataset.json, which holds the digests of all its shards
 * @param version of this software, and its commit
 * @param seed of the recipe
 * @param workers that trained at the same time
 * @param threadsPerWorker that each of them computed with
 * @param trainingSeconds that the run took, evaluations not counted
 * @param platform Java, operating system and processor: results differ by these in the last bits
 * @param backend what computes; null in artifacts of earlier formats
 */
public record Provenance(
        String created,
        String dataset,
        String datasetDigest,
        long seed,
        int workers,
        int threadsPerWorker,
        double trainingSeconds,
        String version,
        String platform,
        String backend) {

    private static String thisPlatform() {
        return String.join(
                " ",
                "Java",
                System.getProperty("java.version"),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                System.getProperty("os.arch"));
    }

    /** Of something that is done now, by what this machine's CPU computes with. */
    public static Provenance now(
            String dataset, String digest, long seed, int workers, int threads, double trainingSeconds) {
        return now(dataset, digest, seed, workers, threads, trainingSeconds, Kernels.onThisMachine());
    }

    /**
     * Of a run that ends now.
     *
     * @param backend what it computed with, in words
     */
    public static Provenance now(
            String dataset,
            String digest,
            long seed,
            int workers,
            int threads,
            double trainingSeconds,
            String backend) {
        String version = Provenance.class.getPackage().getImplementationVersion();
        return new Provenance(
                Instant.now().toString(),
                dataset,
                digest,
                seed,
                workers,
                threads,
                trainingSeconds,
                version == null ? "development" : version,
                thisPlatform(),
                backend);
    }
}

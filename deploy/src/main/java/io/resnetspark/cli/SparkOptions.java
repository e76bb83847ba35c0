package io.resnetspark.cli;

import io.resnetspark.train.worker.LogLevel;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.deploy.SparkHadoopUtil;
import picocli.CommandLine.Option;

/** How a command gets at Spark: the cluster that spark-submit chose, or this machine. */
final class SparkOptions {
    @Option(
            names = "--master",
            paramLabel = "URL",
            description = "Spark's master. Default: what spark-submit says, else local[*], all cores of this machine.")
    String master;

    /** Hadoop's settings as Spark will have them, spark.hadoop.* included, before there is a Spark. */
    static Configuration hadoop() {
        return SparkHadoopUtil.get().newConfiguration(new SparkConf());
    }

    /** Of a command that writes nothing before it is done. */
    JavaSparkContext start(String name) {
        return start(name, () -> "Stopped; nothing was written.");
    }

    /** @param whenStopped says how to resume, if the process is told to end meanwhile */
    JavaSparkContext start(String name, Supplier<String> whenStopped) {
        return start(name, whenStopped, Map.of());
    }

    /** @param settings of Spark, where the user has no others */
    JavaSparkContext start(String name, Supplier<String> whenStopped, Map<String, String> settings) {
        SparkConf conf = new SparkConf().setAppName("resnet-spark " + name);
        if (master != null) {
            conf.setMaster(master);
        }
        conf.setIfMissing("spark.master", "local[*]");
        settings.forEach(conf::setIfMissing);
        // States and updates are arrays of floats, which do not compress.
        conf.setIfMissing("spark.broadcast.compress", "false");
        conf.setIfMissing("spark.shuffle.compress", "false");
        conf.setIfMissing("spark.driver.maxResultSize", "0");
        conf.setIfMissing("spark.locality.wait", "0");
        // What crosses the network is written by classes that know how, which Kryo would not ask.
        conf.set("spark.serializer", "org.apache.spark.serializer.JavaSerializer");
        // A name node that is started again is waited for, some three minutes.
        conf.setIfMissing("spark.hadoop.dfs.client.retry.policy.enabled", "true");
        conf.setIfMissing("spark.hadoop.dfs.client.retry.policy.spec", "2000,10,15000,10");
        if (conf.get("spark.master").startsWith("local[")
                || conf.get("spark.master").equals("local")) {
            conf.setIfMissing("spark.ui.enabled", "false");
            conf.setIfMissing("spark.driver.host", "127.0.0.1");
            conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
            // Broadcasts do not leave the process.
            conf.setIfMissing("spark.broadcast.checksum", "false");
        }
        JavaSparkContext spark = ShutdownMessage.watch(conf, whenStopped);
        LogLevel.letOursThrough();
        return spark;
    }
}

package io.resnetspark.storage;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;

/** A real NameNode and DataNode in this JVM, on loopback. */
public final class MiniHdfs implements AutoCloseable {
    /** Milliseconds that a client waits for the data node's report when it closes a file; 400 by default. */
    public static final String CLOSE_DELAY = "dfs.client.block.write.locateFollowingBlock.initial.delay.ms";

    private final MiniDFSCluster cluster;

    private MiniHdfs(MiniDFSCluster cluster) {
        this.cluster = cluster;
    }

    public static MiniHdfs start(Path folder) throws IOException {
        Configuration conf = new Configuration();
        conf.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.toString());
        conf.setInt("dfs.heartbeat.interval", 1);
        conf.setInt(CLOSE_DELAY, 10);
        conf.setInt("ipc.client.connect.retry.interval", 200);
        conf.setInt("dfs.namenode.safemode.extension", 0);
        return new MiniHdfs(new MiniDFSCluster.Builder(conf).numDataNodes(1).build());
    }

    public Configuration configuration() {
        return cluster.getConfiguration(0);
    }

    /** For example hdfs://localhost:12345. */
    public String uri() throws IOException {
        return cluster.getFileSystem().getUri().toString();
    }

    /** Sets a space quota on a directory: the nearest thing to a full disk. */
    public void setSpaceQuota(org.apache.hadoop.fs.Path directory, long bytes) throws IOException {
        cluster.getFileSystem().setQuota(directory, Long.MAX_VALUE, bytes);
    }

    /** Stops the name node, and starts it again at the same address. */
    public void restart() throws IOException {
        cluster.restartNameNode(0, true);
    }

    @Override
    public void close() {
        cluster.shutdown();
    }
}

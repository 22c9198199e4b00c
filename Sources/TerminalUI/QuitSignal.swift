import Glibc

/// SIGQUIT, which Ctrl-\ sends.
public enum QuitSignal {
    /// Lets it end the process. Swift's backtracer takes it otherwise, describes it as a crash and lets the process go on.
    /// Where it is ignored it stays so: shells do that to what they start in the background.
    public static func endsTheProcess() {
        if Signals.action(of: SIGQUIT) != .ignored { signal(SIGQUIT, SIG_DFL) }
    }
}

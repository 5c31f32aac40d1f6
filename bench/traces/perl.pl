# What was recorded as the trace "perl": threads, fork, exec, large strings that grow and go.
use strict;
use warnings;
use threads;
use POSIX ();
use Socket;
use Storable qw(dclone);

# Grows strings past the size where the allocator maps them one by one, and forgets some.
sub work {
    my ($seed) = @_;
    my @kept;
    for my $round (1 .. 120) {
        my $text = '';
        my $step = 'x' x (40_000 + 997 * (($seed * 31 + $round * 17) % 53));
        $text .= $step for 1 .. 1 + ($seed + $round) % 9;
        push @kept, $text;
        splice @kept, ($seed + $round) % @kept, 1 if $round % 3 == 0;
    }
    my %table = map { ("$seed-$_" => [1 .. 20]) } 1 .. 400;
    my $copy = dclone(\%table);
    return scalar(@kept) + scalar(keys %$copy);
}

# A child of its own: works on a copy of the parent's memory.
sub child {
    my ($seed) = @_;
    my $pid = fork() // die "fork: $!";
    if ($pid == 0) {
        work($seed);
        POSIX::_exit(0);
    }
    return $pid;
}

my @children = map { child($_) } 1 .. 3;
my @threads = map { threads->create(\&work, $_) } 4 .. 9;
work(10);
system('true') == 0 or die 'true';
$_->join for @threads;
waitpid $_, 0 for @children;
my @strings = map { 'y' x (150_000 + 4096 * $_) } 1 .. 60;
undef $strings[$_ * 2] for 0 .. 29;
work(11);

# Hashes, sorting, regular expressions, closures, files, processes.
use strict;
use warnings;
use Data::Dumper;
use List::Util qw(sum first shuffle reduce);
use POSIX qw(floor strftime);
use Storable qw(dclone freeze thaw);
use Digest::SHA qw(sha256_hex);
use File::Temp qw(tempfile);
use Time::Local;

$Data::Dumper::Sortkeys = 1;
my %count;
my $text = join ' ', map { join '', map { chr(97 + ($_ * 7919 + 13) % 26) } $_ .. $_ + $_ % 7 + 2 } 1 .. 20000;
$count{$_}++ for split / /, $text;
print sha256_hex(join ',', map { "$_=$count{$_}" } sort keys %count), "\n";
my @matches = $text =~ /(\w)(\w)\2\1/g;
print scalar(@matches), "\n";
(my $changed = $text) =~ s/([aeiou])(\w)/$2$1/g;
print sha256_hex($changed), "\n";
my @adders = map { my $n = $_; sub { $_[0] + $n } } 1 .. 1000;
print sum(map { $_->(1) } @adders), "\n";
my $deep = { list => [1 .. 100], nested => { map { ($_ => [$_]) } 1 .. 200 } };
print sha256_hex(Dumper(dclone($deep))), ' ', scalar @{ thaw(freeze($deep))->{list} }, "\n";
my $cycle = { name => 'ring' };
$cycle->{self} = $cycle;
my ($out, $name) = tempfile(UNLINK => 1);
print $out "$_\n" for reverse 1 .. 5000;
close $out;
open my $in, '-|', "sort -n $name | head -3" or die;
print while <$in>;
close $in;
my $pid = fork // die;
if (!$pid) { exit sum(1 .. 5) }
waitpid $pid, 0;
print $? >> 8, ' ', strftime('%Y', gmtime(timegm(0, 0, 0, 1, 0, 2001))), "\n";
eval { die { code => 42 } };
print $@->{code}, ' ', sprintf('%.3f', reduce { my $x = $a * 1.01; $x + $b } 1 .. 50), "\n";

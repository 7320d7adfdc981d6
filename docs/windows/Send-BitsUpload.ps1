<#
.SYNOPSIS
Uploads a file, or all files of a folder, with BITS and waits until they are there.

.DESCRIPTION
One BITS job per file, a few at a time. BITS goes on by itself after a lost network or a restart, so a job that is still under way
when the time is up is left in the queue; run the script again with -Resume to wait for it and to complete it. What is uploaded
is written into a journal, so that -Resume sends no file twice; one that has changed since is another file.

Needs Windows PowerShell 5.1. Jobs belong to the user who starts them and run while that user is logged on: for a service, a
scheduled task or a remote session, run it as SYSTEM or as the service's account, interactively logged on.

Exit codes: 0 everything is uploaded; 1 it could not be started; 2 at least one file failed for good (see the output);
3 the time is up, and jobs are still under way.

.EXAMPLE
.\Send-BitsUpload.ps1 -Path C:\Dumps\a.dmp -Url https://bits.example.com/dumps/PC-17/ -Ticket (Get-Content ticket.txt)

.EXAMPLE
.\Send-BitsUpload.ps1 -Path C:\Export -Url https://bits.example.com/uploads/ -Recurse -Credential (Get-Credential)

.EXAMPLE
.\Send-BitsUpload.ps1 -Path C:\Export -Url https://bits.example.com:8443/machines/ -CertificateThumbprint 8A3F...
#>
[CmdletBinding()]
param(
    # A file or a folder.
    [Parameter(Mandatory = $true, Position = 0)] [string] $Path,
    # Where it goes. Ends with a slash: names of files are added. Else it is the URL of the one file.
    [Parameter(Mandatory = $true, Position = 1)] [uri] $Url,
    # A ticket for that URL, or for a prefix of it.
    [string] $Ticket,
    # Sends the ticket in a header that no other program can read, and in no URL. Windows 11, Server 2022 and later.
    [switch] $TicketInHeader,
    # A name and password for HTTP Basic.
    [System.Management.Automation.PSCredential] $Credential,
    # The thumbprint of a certificate with its private key, in the store My of the machine or of the user. Windows 11, Server 2022 and later.
    [ValidatePattern('^([0-9A-Fa-f]{2} ?){20}$')] [string] $CertificateThumbprint,
    # Also what lies in folders below.
    [switch] $Recurse,
    # Jobs at a time. BITS lets a user have 60 by default.
    [ValidateRange(1, 50)] [int] $Jobs = 4,
    # How long a job waits after a fault that passes. BITS takes no less than 60.
    [ValidateRange(60, 86400)] [int] $RetryIntervalSeconds = 60,
    # How long the script waits. 0: as long as it takes.
    [ValidateRange(0, 20160)] [int] $TimeoutMinutes = 0,
    # Take up the jobs of an earlier run, and leave out what it has uploaded, in place of starting all of it again.
    [switch] $Resume,
    # The file that says what is uploaded. Default: one for each path and URL, below the user's local application data.
    [string] $Journal
)

Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

function Stop-Usage([string] $Message) {
    Write-Host $Message -ForegroundColor Red
    exit 1
}

# Every character that a URL gives a meaning is escaped: BITS sends the URL as it stands.
function Get-FileUrl([string] $Relative) {
    $target = $Url.AbsoluteUri
    if ($Relative -ne '') {
        $segments = $Relative -split '[\\/]' | ForEach-Object { [uri]::EscapeDataString($_) }
        $target = $target + ($segments -join '/')
    }
    return $target
}

function Get-ShortHash([string] $Text) {
    # This class, because others refuse to work where only certified implementations may.
    $algorithm = New-Object System.Security.Cryptography.SHA256CryptoServiceProvider
    $bytes = $algorithm.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($Text))
    $algorithm.Dispose()
    return [System.BitConverter]::ToString($bytes).Replace('-', '').Substring(0, 32)
}

# A file to upload. The same file to the same URL has the same job name, so a second run finds the jobs of the first: a name is at
# most 256 characters, and never has the ticket in it.
function Get-UploadItem([System.IO.FileInfo] $File, [string] $Relative, [string] $Target) {
    $hash = Get-ShortHash ($File.FullName.ToLowerInvariant() + "`n" + $Target)
    $shortName = $File.Name.Substring(0, [math]::Min(100, $File.Name.Length))
    # What tells one content of a file from another.
    $version = '{0} {1}' -f $File.Length, $File.LastWriteTimeUtc.Ticks
    return @{
        File    = $File.FullName
        Url     = $Target
        JobName = 'Send-BitsUpload ' + $shortName + ' ' + $hash
        Version = $version
        # The line of the journal. No file name has a tab in it.
        Done    = $version + "`t" + $Relative
    }
}

# Written before a job is completed, when all bytes are there: of what is interrupted in between, -Resume finds the job.
function Add-ToJournal([string] $Line) {
    try {
        # The line end comes first: a line that an interruption cut off spoils no other.
        [System.IO.File]::AppendAllText($journalFile, "`r`n" + $Line, $utf8)
    } catch {
        Write-Warning ('{0}: {1} With -Resume this file would be sent again.' -f $journalFile, $_.Exception.Message)
    }
}

function Test-Link([string] $Target) {
    try {
        return (([int] [System.IO.File]::GetAttributes($Target)) -band ([int] [System.IO.FileAttributes]::ReparsePoint)) -ne 0
    } catch {
        return $false
    }
}

function Start-Upload($Item) {
    if ($earlierJobs.ContainsKey($Item.JobName)) {
        $earlier = $earlierJobs[$Item.JobName]
        if ($earlier.Description -eq $Item.Version) { return $earlier }
        # The file has changed since.
        Remove-BitsTransfer -BitsJob $earlier
    }
    $destination = $Item.Url
    if ($Ticket -and -not $TicketInHeader) { $destination = $destination + '?ticket=' + [uri]::EscapeDataString($Ticket.Trim()) }
    $parameters = @{
        Source        = $Item.File
        Destination   = $destination
        TransferType  = 'Upload'
        Asynchronous  = $true
        DisplayName   = $Item.JobName
        Description   = $Item.Version
        Priority      = 'Foreground'
        RetryInterval = $RetryIntervalSeconds
    }
    if ($TicketInHeader) {
        $parameters['CustomHeaders'] = @('Authorization: Bearer ' + $Ticket.Trim())
        $parameters['CustomHeadersWriteOnly'] = $true
    }
    if ($Credential) {
        $parameters['Credential'] = $Credential
        $parameters['Authentication'] = 'Basic'
    }
    if ($CertificateThumbprint) {
        $parameters['CertStoreLocation'] = $certificateLocation
        $parameters['CertStoreName'] = 'MY'
        $parameters['CertHash'] = $certificateHash
    }
    return Start-BitsTransfer @parameters
}

if ($PSVersionTable.PSVersion.Major -lt 5) { Stop-Usage 'Windows PowerShell 5.1 is needed.' }
if (-not $Url.IsAbsoluteUri -or @('http', 'https') -notcontains $Url.Scheme) { Stop-Usage '-Url is a whole http or https URL.' }
if ($Url.Query -or $Url.Fragment) { Stop-Usage '-Url has no ? and no #: a ticket is given with -Ticket.' }
if (@($Ticket, $Credential, $CertificateThumbprint | Where-Object { $_ }).Count -gt 1) {
    Stop-Usage 'One of -Ticket, -Credential and -CertificateThumbprint.'
}
if ($TicketInHeader -and -not $Ticket) { Stop-Usage '-TicketInHeader goes with -Ticket.' }
if (($Ticket -or $Credential -or $CertificateThumbprint) -and $Url.Scheme -ne 'https') {
    Stop-Usage 'A ticket, a password or a certificate is sent over https only.'
}
if (-not (Test-Path -LiteralPath $Path)) { Stop-Usage "$Path is not there." }
Import-Module BitsTransfer

$needed = @()
if ($TicketInHeader) { $needed += @('CustomHeaders', 'CustomHeadersWriteOnly') }
if ($CertificateThumbprint) { $needed += @('CertStoreLocation', 'CertStoreName', 'CertHash') }
$offered = (Get-Command Start-BitsTransfer).Parameters
foreach ($name in $needed) {
    if (-not $offered.ContainsKey($name)) { Stop-Usage "Start-BitsTransfer has no -$name here: Windows 11 or Server 2022 is needed." }
}
if ($CertificateThumbprint) {
    $digits = $CertificateThumbprint.Replace(' ', '').ToUpperInvariant()
    $certificateLocation = ''
    if (Test-Path -LiteralPath "Cert:\LocalMachine\My\$digits") { $certificateLocation = 'LOCAL_MACHINE' }
    if (Test-Path -LiteralPath "Cert:\CurrentUser\My\$digits") { $certificateLocation = 'CURRENT_USER' }
    if ($certificateLocation -eq '') { Stop-Usage "There is no certificate $digits in the store My of this machine or user." }
    $certificateHash = New-Object 'byte[]' 20
    for ($at = 0; $at -lt 20; $at++) { $certificateHash[$at] = [System.Convert]::ToByte($digits.Substring(2 * $at, 2), 16) }
}

$root = Get-Item -LiteralPath $Path -Force
$isFolderUrl = $Url.AbsolutePath.EndsWith('/')
$failed = 0
$items = @()
if ($root.PSIsContainer) {
    if (-not $isFolderUrl) { Stop-Usage 'For a folder, -Url ends with a slash.' }
    $base = $root.FullName.TrimEnd('\')
    # -Force: hidden files, too.
    $files = @(Get-ChildItem -LiteralPath $root.FullName -File -Force -Recurse:$Recurse -ErrorAction SilentlyContinue -ErrorVariable unreadable)
    foreach ($record in @($unreadable)) {
        # Links to folders that nobody may list are in every user's profile, and point to folders that are found anyway.
        if (Test-Link ([string] $record.TargetObject)) { continue }
        $failed++
        Write-Host ('{0}: {1}' -f $record.TargetObject, $record.Exception.Message) -ForegroundColor Red
    }
    foreach ($file in $files) {
        $relative = $file.FullName.Substring($base.Length + 1)
        $items += Get-UploadItem $file $relative (Get-FileUrl $relative)
    }
    if ($items.Count -eq 0 -and $failed -eq 0) { Stop-Usage "$Path has no files." }
} else {
    $relative = ''
    if ($isFolderUrl) { $relative = $root.Name }
    $items += Get-UploadItem $root $root.Name (Get-FileUrl $relative)
}

$utf8 = New-Object System.Text.UTF8Encoding($false)
$pair = Get-ShortHash ($root.FullName.TrimEnd('\').ToLowerInvariant() + "`n" + $Url.AbsoluteUri)
if ($Journal) {
    $journalFile = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Journal)
} else {
    $data = [System.Environment]::GetFolderPath('LocalApplicationData')
    if (-not $data) { Stop-Usage 'This account has no local application data: say with -Journal where to keep what is uploaded.' }
    $journalFile = Join-Path (Join-Path $data 'Send-BitsUpload') ($pair + '.txt')
}
[System.IO.Directory]::CreateDirectory([System.IO.Path]::GetDirectoryName($journalFile)) | Out-Null

# The first line says whose journal it is: nobody else's file is read for one, or written over.
$title = 'Send-BitsUpload ' + $pair
$lines = @()
if (Test-Path -LiteralPath $journalFile) { $lines = @([System.IO.File]::ReadAllLines($journalFile, $utf8)) }
if ($lines.Count -gt 0 -and $lines[0] -ne $title) { Stop-Usage "$journalFile is not the journal of this path and URL." }
$done = New-Object 'System.Collections.Generic.HashSet[string]'
$earlierJobs = @{}
if ($Resume) {
    foreach ($line in $lines) { [void] $done.Add($line) }
    foreach ($job in @(Get-BitsTransfer)) { $earlierJobs[$job.DisplayName] = $job }
}
# Without -Resume all of it again: what an earlier run has uploaded does not count.
if (-not $Resume -or $lines.Count -eq 0) { [System.IO.File]::WriteAllText($journalFile, $title, $utf8) }

$queue = New-Object System.Collections.Queue
$before = 0
foreach ($item in $items) {
    # A job that is there comes first: it may only have to be completed.
    if ($done.Contains($item.Done) -and -not $earlierJobs.ContainsKey($item.JobName)) { $before++ } else { $queue.Enqueue($item) }
}

$total = $queue.Count
$uploaded = 0
$running = @()
$deadline = [datetime]::MaxValue
if ($TimeoutMinutes -gt 0) { $deadline = (Get-Date).AddMinutes($TimeoutMinutes) }

while (($queue.Count -gt 0 -or $running.Count -gt 0) -and (Get-Date) -lt $deadline) {
    while ($queue.Count -gt 0 -and $running.Count -lt $Jobs) {
        $item = $queue.Dequeue()
        try {
            $job = Start-Upload $item
            $running += @{ File = $item.File; Done = $item.Done; Id = $job.JobId }
        } catch {
            $failed++
            Write-Host ('{0}: {1}' -f $item.File, $_.Exception.Message) -ForegroundColor Red
        }
    }

    $still = @()
    foreach ($entry in $running) {
        $job = Get-BitsTransfer -JobId $entry.Id -ErrorAction SilentlyContinue
        if ($null -eq $job) {
            $failed++
            Write-Host ('{0}: the job was removed' -f $entry.File) -ForegroundColor Red
            continue
        }
        switch ($job.JobState.ToString()) {
            'Transferred' {
                Add-ToJournal $entry.Done
                Complete-BitsTransfer -BitsJob $job
                $uploaded++
                Write-Host ('{0}: uploaded' -f $entry.File)
            }
            'Error' {
                $failed++
                $code = '0x{0:X8}' -f $job.InternalErrorCode
                Write-Host ('{0}: {1} {2}' -f $entry.File, $code, $job.ErrorDescription) -ForegroundColor Red
                Remove-BitsTransfer -BitsJob $job
            }
            'Suspended' {
                Resume-BitsTransfer -BitsJob $job -Asynchronous | Out-Null
                $still += $entry
            }
            default {
                $percent = 0
                # Before a job has looked at its file, the total is the largest number there is.
                if ($job.BytesTotal -gt 0 -and $job.BytesTotal -lt [long]::MaxValue) {
                    $percent = [int][math]::Min(100, 100 * ($job.BytesTransferred / $job.BytesTotal))
                }
                Write-Progress -Activity "Uploading, $uploaded of $total done" -Status $entry.File `
                    -CurrentOperation $job.JobState.ToString() -PercentComplete $percent
                $still += $entry
            }
        }
    }
    $running = $still
    if ($running.Count -gt 0) { Start-Sleep -Seconds 2 }
}
Write-Progress -Activity 'Uploading' -Completed

$left = $running.Count + $queue.Count
Write-Host ('{0} uploaded, {1} failed, {2} not finished, {3} uploaded before' -f $uploaded, $failed, $left, $before)
if ($failed -gt 0) { exit 2 }
if ($left -gt 0) { exit 3 }
exit 0
